using System.Net;
using System.Text;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Proxies;

/// <summary>scripts/proxy/nginx.conf and haproxy.cfg: what goes to QrLogin, what does not, and what each is told and writes.</summary>
[TestFixture("nginx"), TestFixture("haproxy")]
internal sealed class ProxyTests(string program)
{
    private const string Here = "127.0.0.9";

    [Test]
    public async Task Behind_a_proxy_a_phone_is_signed_in_and_everybody_is_known_by_their_own_address()
    {
        await using var front = await Front.StartAsync(program);
        using var phone = new Phone(front).At(front, "127.0.0.10");
        var alice = await World.Admin.HasAccountAsync(phone);
        using var browser = new Browser(front, Here);
        var signedIn = await browser.SignInAsync(alice);
        Assert.That(signedIn.Status, Is.EqualTo(200), signedIn.Text);
        Assert.That(signedIn.Header("Set-Cookie"), Does.StartWith("__Host-qrlogin=").And.Contain("secure").IgnoreCase);
        await browser.OpenPageAsync();

        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        var qr = await browser.Page.HearsAsync("qr");
        Assert.That($"{qr["device"]!["address"]}", Is.EqualTo("127.0.0.10"));
        var granted = await phone.ScanAsync(qr);
        Assert.That(granted.Status, Is.EqualTo(200), granted.Text);
        Assert.That($"{(await browser.Page.HearsAsync("ended"))["outcome"]}", Is.EqualTo("redeemed"));

        var trail = await World.Admin.TrailAsync(alice, until: "redeem");
        Assert.That(
            trail.Where(row => row.Event is "sign_in" or "identify" or "redeem").Select(row => $"{row.Event} from {row.Address}"),
            Is.EqualTo([$"sign_in from {Here}", "identify from 127.0.0.10", "redeem from 127.0.0.10"]));
    }

    [Test]
    public async Task Behind_a_proxy_what_a_client_says_of_its_address_goes_no_further()
    {
        await using var front = await Front.StartAsync(program);
        var alice = await World.Admin.HasAccountAsync();
        using var http = Calls.Client(front, Here);
        (string, string)[] forged =
        [
            ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "198.51.100.7"), ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Host", "evil.example"), ("Forwarded", "for=203.0.113.9"), ("X-Real-IP", "203.0.113.9"),
        ];
        var signedIn = await http.CallAsync(
            HttpMethod.Post, "/api/session", new { username = alice.Username, password = Account.Password },
            [.. forged, ("Origin", front.PublicOrigin)]);
        Assert.That(signedIn.Status, Is.EqualTo(200), signedIn.Text);
        Assert.That((await World.Admin.TrailAsync(alice, until: "sign_in"))[^1].Address, Is.EqualTo(Here));

        var told = (await http.CallAsync(HttpMethod.Get, "/elsewhere", null, forged)).Text.ToLowerInvariant().Split('\n');
        string[] own = [$"x-forwarded-for: {Here}", "x-forwarded-proto: https", $"host: {front.Address.Authority}"];
        Assert.That(own, Is.SubsetOf(told));
        Assert.That(told, Has.None.Contains("203.0.113.9").And.None.Contains("evil.example"), "the site is told the same");
    }

    [TestCase("/", true)]
    [TestCase("/api/cart", true)]
    [TestCase("/api/sessionsomething", true)]
    [TestCase("/qr-login", true)]
    [TestCase("/.well-known/security.txt", true)]
    [TestCase("/api/session", false)]
    [TestCase("/api/sessions", false)]
    [TestCase("/connect", false)]
    [TestCase("/phone", false)]
    [TestCase("/phone.png", false)]
    [TestCase("/phone/page.js", false)]
    [TestCase("/q", false)]
    [TestCase("/qr-login/qr-login.js", false)]
    [TestCase("/common/api.js", false)]
    [TestCase("/icon.svg", false)]
    [TestCase("/manifest.zh.webmanifest", false)]
    [TestCase("/.well-known/assetlinks.json", false)]
    public async Task Each_address_goes_to_whom_it_belongs(string path, bool isSites)
    {
        await using var front = await Front.StartAsync(program);
        using var http = Calls.Client(front);
        var answer = await http.CallAsync(HttpMethod.Get, path);
        Assert.That(answer.Header(Site.Mark) is not null, Is.EqualTo(isSites), $"{answer.Status} {answer.Text}");
        Assert.That(answer.Header("Content-Security-Policy") is null, Is.EqualTo(isSites), "QrLogin's own headers come through");
    }

    /// <summary>As a careless match would let it through: what is one address to the proxy and another one to QrLogin.</summary>
    [Test]
    public async Task What_is_for_the_sites_own_network_is_not_reached_from_outside()
    {
        await using var front = await Front.StartAsync(program);
        using var http = Calls.Client(front);
        string[] inner = ["/api/backend/sessions", "/api/backend/accounts/4711", "/oauth/introspect", "/oauth/revoke", "/healthz/ready"];
        string[] disguises =
        [
            "", "/q/..", "/qr-login/..", "/qr-login/../", "/qr-login/%2e%2e", "/qr-login/.%2E", "/phone/x/../..", "/q#/..", "/connect#/..",
            "/api/session/../..", "/api/session/%2e%2e/..", "/api/login/..%2f..", "/phone/..\\..", "/", "/.", "/qr-login/..;", "/q?/..",
        ];
        foreach (var path in disguises.SelectMany(_ => inner, (disguise, path) => disguise + path).Append("/api/login/../backend/sessions"))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(
                front.PublicOrigin + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
            {
                Content = new StringContent("{}", Encoding.UTF8, "application/json"),
            };
            using var answer = await http.SendAsync(request);
            var isQrLogins = answer.Headers.Contains("Content-Security-Policy");
            Assert.That(
                answer.Headers.WwwAuthenticate, Is.Empty, $"{path}: {(int)answer.StatusCode}, asked for a client's secret by QrLogin");
            Assert.That(!isQrLogins || answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed, path);
        }
    }

    [Test]
    public async Task Other_origins_other_names_and_plain_http_stay_outside()
    {
        await using var front = await Front.StartAsync(program);
        using var browser = new Browser(front);
        await browser.SignInAsync(await World.Admin.HasAccountAsync());
        using var http = Calls.Client(front);
        (string, string)[] upgrade =
        [
            ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Protocol", "qrlogin.v1"), ("Cookie", browser.Cookie!),
        ];
        var refused = await http.CallAsync(HttpMethod.Get, "/connect", null, [.. upgrade, ("Origin", "https://evil.example")]);
        Assert.That(refused.Word(), Is.EqualTo("403 origin_not_allowed"));
        Assert.That((await browser.CallAsync(HttpMethod.Delete, "/api/session", origin: "https://evil.example")).Word(),
            Is.EqualTo("403 origin_not_allowed"));

        var strange = http.CallAsync(HttpMethod.Get, "/api/session", null, ("Host", "evil.example")); // in TLS too
        if (program == "nginx")
        {
            Assert.That(() => strange, Throws.TypeOf<HttpRequestException>().With.Property("HttpRequestError").EqualTo(
                HttpRequestError.SecureConnectionError));
        }
        else
        {
            Assert.That((await strange).Status, Is.EqualTo(421));
        }

        using var plain = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var moved = await plain.GetAsync($"http://localhost:{front.Proxy.PlainPort}/phone?x=1");
        Assert.That(moved.StatusCode, Is.EqualTo(HttpStatusCode.PermanentRedirect));
        Assert.That($"{moved.Headers.Location}", Is.EqualTo("https://localhost/phone?x=1"));
    }

    [Test]
    public async Task What_QrLogin_answers_comes_through_and_who_answered_is_not_told()
    {
        await using var front = await Front.StartAsync(program);
        using var http = Calls.Client(front);
        foreach (var path in new[] { "/", "/phone", "/api/session", "/connect", "/qr-login/../x" })
        {
            var answer = await http.CallAsync(HttpMethod.Get, path);
            Assert.That(answer.Header("Server"), Is.Null.Or.EqualTo("nginx"), path);
            Assert.That(answer.Header("X-Powered-By") ?? answer.Header("Via"), Is.Null, path);
        }

        foreach (var length in new[] { 9000, 20_000 })
        {
            var large = await http.CallAsync(
                HttpMethod.Post, "/api/login/identify", new StringContent(new string(' ', length), Encoding.UTF8, "application/json"));
            Assert.That(large.Word(), Is.EqualTo("413 body_too_large"), $"{length}");
        }

        Assert.That((await http.CallAsync(HttpMethod.Get, "/connect")).Word(), Is.EqualTo("426 upgrade_required"));
    }

    /// <summary>Also where QrLogin is away, which proxies like to write a long line about.</summary>
    [Test]
    public async Task The_proxys_log_holds_no_secret()
    {
        await using var front = await Front.StartAsync(program);
        using var http = Calls.Client(front);
        http.DefaultRequestHeaders.Add("Cookie", "__Host-qrlogin=SECRET");
        http.DefaultRequestHeaders.Add("Authorization", "Bearer SECRET");
        http.DefaultRequestHeaders.Add("Referer", "https://localhost/?code=SECRET");
        foreach (var _ in new[] { "there", "away" })
        {
            await http.GetAsync("/api/session/oidc/callback?code=SECRET&state=SECRET"); // which is described, but there is no provider
            await http.CallAsync(HttpMethod.Get, "/elsewhere?code=SECRET");
            await http.CallAsync(HttpMethod.Get, "/phone/%2e%2e/x?code=SECRET");
            await http.CallAsync(HttpMethod.Post, "/api/session", new StringContent(new string('x', 20_000) + "SECRET"));
            await front.StopServerAsync();
        }

        await Eventually.IsAsync(
            () => Task.FromResult(front.Proxy.Log.Split("\"POST /api/session\"").Length == 3), $"all are in the log: {front.Proxy.Log}");
        Assert.That(front.Proxy.Log, Does.Contain("/api/session/oidc/callback\" 503"));
        Assert.That(front.Proxy.Log, Does.Not.Contain("SECRET"));
    }
}
