using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Proxies;

/// <summary>The samples of scripts/proxy do what they say: one origin, true addresses, long connections, nothing of the inside.</summary>
[TestFixture("nginx")]
[TestFixture("haproxy")]
internal sealed class ProxyTests(string kind)
{
    private readonly Proxy proxy = new(TestServer.FreePort()) { PublicOrigin = TestServer.Origin };
    private TestServer? server;

    [TearDown]
    public async Task Stop()
    {
        await proxy.DisposeAsync();
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    [Test]
    public async Task A_phone_is_signed_in_through_it_and_the_address_is_the_true_one()
    {
        await StartAsync();
        using var phone = new Phone(proxy).At(proxy, "127.0.0.5");
        using var browser = await Browser.AtAsync(proxy, await World.Admin.HasAccountAsync(phone));
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        var qr = await browser.Page.HearsAsync("qr");
        Assert.That(qr["device"]!["address"]!.ToString(), Is.EqualTo("127.0.0.5"));
        Assert.That((await phone.ScanAsync(qr)).Status, Is.EqualTo(200));

        await browser.SignOutAsync();
        Assert.That(await browser.Page.IsClosedAsync(), Is.EqualTo(4401), "a close code passes");
        Assert.That(proxy.Said, Does.Contain("/api/login/redeem").And.Not.Contain(phone.Token));
        Assert.That(proxy.Said, Does.Not.Contain(browser.Cookie!.Split('=')[1]));
    }

    [Test]
    public async Task What_a_client_says_of_its_address_is_not_believed()
    {
        await StartAsync();
        using var http = Calls.Client(proxy);
        var account = await World.Admin.HasAccountAsync();
        var signedIn = await http.CallAsync(
            HttpMethod.Post, "/api/session?x=secret", new { username = account.Username, password = Account.Password },
            ("Origin", TestServer.Origin), ("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", "https"),
            ("Forwarded", "for=192.0.2.8"));
        Assert.That(signedIn.Status, Is.EqualTo(200), signedIn.Text);
        Assert.That(
            await World.Admin.QueryAsync<string>("select address from admin.sessions where username = @Username", new { account.Username }),
            Is.EqualTo("127.0.0.1"));
        Assert.That(proxy.Said, Does.Not.Contain("x=secret"));
    }

    [TestCase("/", "the site")]
    [TestCase("/shop/4711", "the site")]
    [TestCase("/api/orders", "the site")]
    [TestCase("/api/session", "session_required")]
    [TestCase("/qr-login/qr-login.js", "customElements")]
    [TestCase("/phone", "<!doctype html>")]
    [TestCase("/phone.png", "PNG")]
    [TestCase("/healthz/ready", "the site")]
    [TestCase("/openapi/v1.json", "the site")]
    public async Task Each_address_reaches_whose_it_is(string path, string answer)
    {
        await StartAsync();
        using var http = Calls.Client(proxy);
        Assert.That((await http.CallAsync(HttpMethod.Get, path)).Text, Does.Contain(answer));
    }

    /// <summary>To the site, or refused: never to QrLogin, which would say that no client calls.</summary>
    [TestCase("/api/backend/sessions")]
    [TestCase("/API/Backend/sessions")]
    [TestCase("/api/login/../backend/sessions")]
    [TestCase("/api/login/%2e%2e/backend/sessions")]
    [TestCase("/api/login/..%2fbackend/sessions")]
    [TestCase("//api/backend/sessions")]
    [TestCase("/api//backend/sessions")]
    [TestCase("/api/./backend/sessions")]
    [TestCase("/api/%62ackend/sessions")]
    [TestCase("/phone/../api/backend/sessions")]
    [TestCase("/oauth/introspect")]
    [TestCase("/phone/..//oauth/introspect")]
    public async Task What_is_for_the_sites_own_network_is_not_reached_from_outside(string path)
    {
        await StartAsync();
        using var raw = await RawSocket.ConnectAsync(proxy);
        var answer = await raw.AskAsync($"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        Assert.That(answer.Text, Does.Not.Contain("client_required").And.Not.Contain("urn:qrlogin"));
    }

    [TestCase(1, true)]
    [TestCase(30, false)]
    public async Task A_page_that_hears_nothing_but_pings_stays_connected_and_without_them_it_would_not(int pingSeconds, bool stays)
    {
        (string, string)[] short3 = kind == "nginx"
            ? [("proxy_read_timeout 60s", "proxy_read_timeout 3s")] : [("timeout tunnel 60s", "timeout tunnel 3s")];
        await StartAsync(pingSeconds, short3);
        using var browser = await Browser.AtAsync(proxy, await World.Admin.HasAccountAsync());
        var closed = browser.Page.IsClosedAsync();
        var first = await Task.WhenAny(closed, Task.Delay(TimeSpan.FromSeconds(8)));
        Assert.That(first != closed, Is.EqualTo(stays));
    }

    [Test]
    public async Task A_server_that_goes_away_is_heard_through_it_and_then_it_says_that_nobody_is_there()
    {
        await StartAsync();
        using var browser = await Browser.AtAsync(proxy, await World.Admin.HasAccountAsync());
        var closed = browser.Page.IsClosedAsync();
        await server!.DisposeAsync();
        server = null;
        Assert.That(await closed, Is.EqualTo(1001));
        using var http = new HttpClient { BaseAddress = proxy.Address };
        Assert.That((int)(await http.GetAsync("/api/session")).StatusCode, Is.AnyOf(502, 503));
    }

    private async Task StartAsync(int pingSeconds = 20, params (string, string)[] fill)
    {
        server = new TestServer(World.Database, new() { ["TrustedProxies:0"] = "127.0.0.1" }, configure: services =>
            services.PostConfigure<WebSocketOptions>(options => options.KeepAliveInterval = TimeSpan.FromSeconds(pingSeconds)));
        await proxy.StartAsync(kind, server.Address, withTls: false, fill);
    }
}
