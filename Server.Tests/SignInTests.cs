using System.Net.Http.Headers;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>PROTOCOL.md: POST /api/session, credentials and cookie.</summary>
internal sealed class SignInTests
{
    [Test]
    public async Task Signing_in_answers_who_is_signed_in_and_sets_the_cookie()
    {
        using var browser = new Browser(World.Server);
        var alice = await World.Admin.HasAccountAsync();

        var answer = await browser.SignInAsync(alice with { Username = alice.Username.ToUpperInvariant() });

        Assert.That(answer.Status, Is.EqualTo(200));
        Assert.That(answer["account"].ToJsonString(), Is.EqualTo($$"""{"username":"{{alice.Username}}","displayName":"Alice"}"""));
        Assert.That(answer["session"]["kind"]!.ToString(), Is.EqualTo("web"));
        Assert.That((int)answer["session"]["expiresIn"]!, Is.InRange(43195, 43200));
        Assert.That(answer.Header("Set-Cookie"), Does.Match("^qrlogin=[A-Za-z0-9_-]{43}; path=/; samesite=strict; httponly$").IgnoreCase);
        Assert.That(answer.Header("Cache-Control"), Is.EqualTo("no-store"));
    }

    [Test]
    public async Task Behind_https_the_cookie_is_host_bound_and_secure_and_the_other_name_is_never_read()
    {
        const string origin = "https://login.example.com";
        await using var server = new TestServer(World.Database, new() { ["PublicOrigin"] = origin });
        using var browser = new Browser(server);
        var alice = await World.Admin.HasAccountAsync();

        var answer = await browser.CallAsync(
            HttpMethod.Post, "/api/session", new { username = alice.Username, password = Account.Password }, origin);
        var cookie = answer.Header("Set-Cookie")!;

        Assert.That(cookie, Does.Match("^__Host-qrlogin=[A-Za-z0-9_-]{43}; path=/; secure; samesite=strict; httponly$").IgnoreCase);
        browser.Cookie = cookie.Split(';')[0];
        Assert.That((await browser.WhoAmIAsync()).Status, Is.EqualTo(200));
        browser.Cookie = browser.Cookie["__Host-".Length..];
        Assert.That((await browser.WhoAmIAsync()).Status, Is.EqualTo(401));
    }

    [Test]
    public async Task An_unknown_user_a_wrong_password_and_a_disabled_account_answer_alike()
    {
        using var browser = new Browser(World.Server);
        var alice = await World.Admin.HasAccountAsync();
        var disabled = await World.Admin.HasAccountAsync();
        await World.Admin.QueryAsync<int>("select admin.disable_account(@Username)", new { disabled.Username });

        Answer[] answers =
        [
            await browser.SignInAsync(new Account("no.such.user", "")),
            await browser.SignInAsync(alice, "wrong"),
            await browser.SignInAsync(disabled),
        ];

        Assert.That(answers.Select(each => (each.Status, each.Code)), Is.All.EqualTo((401, "invalid_credentials")));
        Assert.That(answers.Select(each => each.Text).Distinct().ToList(), Has.Count.EqualTo(1));
    }

    [TestCase("{}", "username", "password")]
    [TestCase("""{"username":"a b","password":"x"}""", "username")]
    [TestCase("""{"username":"alice","password":""}""", "password")]
    [TestCase("""{"username":7,"password":"x"}""", "username")]
    [TestCase("""{"username":"alice","username":"bob","password":"x"}""", "username")]
    [TestCase("""{"username":"alice","password":"\ud800"}""", "password")]
    [TestCase("""{"username":"alice\n","password":"x"}""", "username")]
    [TestCase("""{"username":"alice","password":"a\ufffe"}""", "password")]
    [TestCase("null", "$")]
    [TestCase("[", "$")]
    [TestCase("", "$")]
    public async Task A_body_of_the_wrong_form_is_invalid_request_and_names_the_member(string body, params string[] members)
    {
        using var browser = new Browser(World.Server);
        var answer = await browser.CallAsync(
            HttpMethod.Post, "/api/session", new StringContent(body, new MediaTypeHeaderValue("application/json")));
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_request")));
        Assert.That(answer["errors"].AsObject().Select(each => each.Key), Is.EquivalentTo(members), answer.Text);
    }

    [Test]
    public async Task A_password_of_more_than_72_bytes_is_refused_not_cut()
    {
        using var browser = new Browser(World.Server);
        var answer = await browser.SignInAsync(await World.Admin.HasAccountAsync(), new string('ü', 37));
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_request")));
    }

    [Test]
    public async Task Signing_in_makes_a_new_session_and_ends_the_one_whose_cookie_came_along()
    {
        using var browser = new Browser(World.Server);
        var alice = await World.Admin.HasAccountAsync();
        await browser.SignInAsync(alice);
        var first = browser.Cookie;
        await browser.SignInAsync(alice);
        var second = browser.Cookie;

        Assert.That(second, Is.Not.EqualTo(first));
        browser.Cookie = first;
        Assert.That((await browser.WhoAmIAsync()).Status, Is.EqualTo(401));
        browser.Cookie = second;
        Assert.That((await browser.WhoAmIAsync()).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_failed_sign_in_leaves_the_session_as_it_is()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.Browser.SignInAsync(scene.Account, "wrong");
        Assert.That((await scene.Browser.WhoAmIAsync()).Status, Is.EqualTo(200));
    }

    [TestCase(null, null, 403)]
    [TestCase(TestServer.Origin, null, 200)]
    [TestCase(null, "same-origin", 200)]
    [TestCase(null, "same-site", 403)]
    [TestCase(null, "none", 403)]
    [TestCase("null", "same-origin", 403)]
    [TestCase("https://evil.example", "same-origin", 403)]
    [TestCase("http://localhost:8080.evil.example", null, 403)]
    [TestCase("http://evil.localhost:8080", null, 403)]
    [TestCase("http://LOCALHOST:8080", null, 403)]
    [TestCase("http://localhost:8080/", null, 403)]
    [TestCase("http://localhost", null, 403)]
    public async Task What_sets_or_uses_the_cookie_must_come_from_an_allowed_origin(string? origin, string? fetchSite, int status)
    {
        var alice = await World.Admin.HasAccountAsync();
        using var browser = new Browser(World.Server);
        await browser.SignInAsync(alice);
        (string, string)[] headers =
        [
            ("Cookie", browser.Cookie!),
            .. origin is null ? [] : new[] { ("Origin", origin) },
            .. fetchSite is null ? [] : new[] { ("Sec-Fetch-Site", fetchSite) },
        ];
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = World.Server.Address };

        var signIn = await http.CallAsync(
            HttpMethod.Post, "/api/session", new { username = alice.Username, password = Account.Password }, [.. headers.Skip(1)]);
        var signOut = await http.CallAsync(HttpMethod.Delete, "/api/session", null, headers);

        Assert.That(signIn.Status, Is.EqualTo(status));
        Assert.That(signOut.Status, Is.EqualTo(status == 200 ? 204 : status));
        Assert.That(signIn.Code, Is.EqualTo(status == 200 ? null : "origin_not_allowed"));
        Assert.That((await browser.WhoAmIAsync()).Status, Is.EqualTo(status == 200 ? 401 : 200));
    }

    [Test]
    public async Task A_further_origin_is_allowed_where_it_is_configured()
    {
        await using var server = new TestServer(World.Database, new() { ["AllowedOrigins:0"] = "https://www.example.com" });
        using var browser = new Browser(server);
        var alice = await World.Admin.HasAccountAsync();
        var answer = await browser.CallAsync(
            HttpMethod.Post, "/api/session", new { username = alice.Username, password = Account.Password }, "https://www.example.com");
        Assert.That(answer.Status, Is.EqualTo(200));
        Assert.That(answer.Header("Access-Control-Allow-Origin"), Is.Null, "no CORS headers are sent");
    }
}
