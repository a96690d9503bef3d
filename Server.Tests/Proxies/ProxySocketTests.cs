using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Descriptions;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Proxies;

/// <summary>A page's WebSocket through the samples of scripts/proxy: how long it holds, and how it ends.</summary>
[TestFixture("nginx"), TestFixture("haproxy")]
internal sealed class ProxySocketTests(string program)
{
    private string SocketTimeOut => program == "nginx" ? "proxy_read_timeout 60s;" : "timeout tunnel 60s";

    private string OtherTimeOut => program == "nginx" ? "proxy_read_timeout 10s;" : "";

    /// <summary>Ten times as fast as the sample; each other time-out of QrLogin's is shorter than the time between two pings.</summary>
    [Test]
    public async Task A_socket_with_nothing_but_pings_outlives_the_time_outs_of_the_proxy()
    {
        await using var front = await Front.StartAsync(program, Hasten, Pinging(seconds: 2));
        using var browser = await OpenAsync(front);
        var closing = browser.Page.IsClosedAsync();
        await Task.WhenAny(closing, Task.Delay(TimeSpan.FromSeconds(9)));
        Assert.That(closing.IsCompleted, Is.False, front.Proxy.Log);
        using var direct = new Browser(front.Server) { Cookie = browser.Cookie };
        Assert.That((await direct.SignOutAsync()).Status, Is.EqualTo(204));
        Assert.That(await closing, Is.EqualTo(4401));
    }

    /// <summary>It is these that keep it open. nginx's default is the sample's value: there it is that of other calls.</summary>
    [TestCase("the sample's time-out")]
    [TestCase("pings")]
    public async Task A_socket_is_cut_without(string what)
    {
        var isTimeOut = what != "pings";
        await using var front = await Front.StartAsync(
            program,
            sample => Hasten(isTimeOut ? sample.Replace(SocketTimeOut, OtherTimeOut, StringComparison.Ordinal) : sample),
            Pinging(seconds: isTimeOut ? 2 : 60));
        var clock = Stopwatch.StartNew();
        using var browser = await OpenAsync(front);
        Assert.That(async () => await browser.Page.IsClosedAsync(), Throws.TypeOf<WebSocketException>());
        Assert.That(clock.Elapsed, Is.InRange(TimeSpan.FromSeconds(isTimeOut ? 0 : 5), TimeSpan.FromSeconds(30)));
    }

    [Test]
    public async Task A_server_that_goes_away_is_heard_as_1001_through_the_proxy_and_then_answered_for_as_unavailable()
    {
        await using var front = await Front.StartWithProcessAsync(program);
        using var browser = await Browser.AtAsync(front, await World.Admin.HasAccountAsync());
        ((ServerProcess)front.Server).Signal("TERM");
        Assert.That(await browser.Page.IsClosedAsync(), Is.EqualTo(1001));
        Assert.That(await ((ServerProcess)front.Server).ExitAsync(), Is.Zero);

        var away = await browser.WhoAmIAsync();
        Assert.That(away.Word(), Is.EqualTo("503 unavailable"), away.Text);
        Described.Validate(Described.OpenApi, "Problem", away.Text, "a proxy's own");
        Assert.That(away.Header("Retry-After"), Is.EqualTo("5"));
        Assert.That(away.Header("Cache-Control"), Is.EqualTo("no-store"));
        Assert.That(away.Header("Content-Type"), Is.EqualTo("application/problem+json"));
        Assert.That((await browser.CallAsync(HttpMethod.Get, "/.well-known/assetlinks.json")).Word(), Is.EqualTo("503 unavailable"));
        var site = await browser.CallAsync(HttpMethod.Get, "/elsewhere");
        Assert.That((site.Status, site.Header(Site.Mark)), Is.EqualTo((200, "here")), "the site is not");
    }

    /// <summary>However long it was away; HAProxy has counted it out by then, and looks again every two seconds.</summary>
    [Test]
    public async Task A_server_that_is_back_is_found_again()
    {
        await using var front = await Front.StartAsync(program);
        using var browser = new Browser(front);
        await browser.SignInAsync(await World.Admin.HasAccountAsync());
        await front.StopServerAsync();
        Assert.That((await browser.WhoAmIAsync()).Word(), Is.EqualTo("503 unavailable"));
        await Eventually.IsAsync(
            () => Task.FromResult(program == "nginx" || front.Proxy.Log.Contains(" is DOWN", StringComparison.Ordinal)),
            "it is counted out");

        front.StartServerAgain();
        await Eventually.IsAsync(async () => (await browser.WhoAmIAsync()).Status == 200, "it is found again");
        await browser.OpenPageAsync();
    }

    [Test]
    public async Task Reading_its_configuration_again_the_proxy_cuts_no_socket_off()
    {
        await using var front = await Front.StartAsync(program);
        using var phone = new Phone(front);
        using var browser = await Browser.AtAsync(front, await World.Admin.HasAccountAsync(phone));
        await front.Proxy.ReloadAsync();
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202), "by the new one");
        Assert.That((await phone.ScanAsync(await browser.Page.HearsAsync("qr"))).Status, Is.EqualTo(200), "by the former one");
        await browser.OpenPageAsync();
    }

    /// <summary>RFC 8441 where the proxy has it; nginx has not, and browsers then take a connection of HTTP/1.1.</summary>
    [Test]
    public async Task Pages_speak_http_2_and_so_does_their_socket_where_the_proxy_can()
    {
        await using var front = await Front.StartAsync(program);
        using var browser = new Browser(front);
        await browser.SignInAsync(await World.Admin.HasAccountAsync());
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = Calls.Trusted(front) } };
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(front.Address, "/phone"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await invoker.SendAsync(request, Page.Patience());
        Assert.That((answer.StatusCode, answer.Version), Is.EqualTo((HttpStatusCode.OK, HttpVersion.Version20)));

        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.AddSubProtocol("qrlogin.v1");
        socket.Options.SetRequestHeader("Origin", front.PublicOrigin);
        socket.Options.SetRequestHeader("Cookie", browser.Cookie);
        using var page = new Page(socket);
        var connecting = socket.ConnectAsync(Browser.SocketAddress(front), invoker, Page.Patience());
        if (program == "nginx")
        {
            Assert.That(async () => await connecting, Throws.TypeOf<WebSocketException>());
            return;
        }

        await connecting;
        await page.HearsAsync("welcome");
        Assert.That((await browser.SignOutAsync()).Status, Is.EqualTo(204));
        Assert.That(await page.IsClosedAsync(), Is.EqualTo(4401));
    }

    /// <summary>A page through the proxy; all that may take longer than a hastened time-out is done without it.</summary>
    private static async Task<Browser> OpenAsync(Front front)
    {
        using var direct = await Browser.AtAsync(front.Server, await World.Admin.HasAccountAsync());
        var browser = new Browser(front) { Cookie = direct.Cookie };
        await browser.OpenPageAsync();
        return browser;
    }

    /// <summary>The sample with its time-outs a tenth.</summary>
    private static string Hasten(string sample) => sample
        .Replace("timeout tunnel 60s", "timeout tunnel 6s", StringComparison.Ordinal)
        .Replace("timeout server 10s", "timeout server 1s", StringComparison.Ordinal)
        .Replace("timeout client 30s", "timeout client 3s", StringComparison.Ordinal)
        .Replace("proxy_read_timeout 60s", "proxy_read_timeout 6s", StringComparison.Ordinal)
        .Replace("proxy_read_timeout 10s", "proxy_read_timeout 1s", StringComparison.Ordinal);

    private static Action<IServiceCollection> Pinging(int seconds) => services =>
        services.PostConfigure<WebSocketOptions>(options => options.KeepAliveInterval = TimeSpan.FromSeconds(seconds));
}
