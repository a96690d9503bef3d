using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using QrLogin.Server.Connect;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>The PC's WebSocket.</summary>
internal sealed class ConnectTests
{
    [Test]
    public async Task The_first_message_is_the_welcome()
    {
        using var phone = new Phone(World.Server, ("phone", Phone.NewNumber()), ("app", Phone.NewInstallId()));
        var alice = await World.Admin.HasAccountAsync(phone);
        using var browser = await Browser.AtAsync(World.Server, alice);
        var page = browser.Page;

        Assert.That(page.Welcome["type"]!.ToString(), Is.EqualTo("welcome"));
        Assert.That(page.Welcome["account"]!["username"]!.ToString(), Is.EqualTo(alice.Username));
        Assert.That(page.Welcome["identifiers"]![0]!["masked"]!.ToString(), Is.EqualTo($"+•••••••••••{phone.Number[^4..]}"));
        Assert.That(page.Welcome["openAttempts"]!.AsArray(), Is.Empty);
    }

    [Test]
    public async Task A_page_that_speaks_is_closed_with_1008()
    {
        using var browser = await Browser.AtAsync(World.Server, await World.Admin.HasAccountAsync());
        var page = browser.Page;
        await page.Socket.SendAsync(Encoding.UTF8.GetBytes("hello"), WebSocketMessageType.Text, true, Page.Patience());
        Assert.That(await page.IsClosedAsync(), Is.EqualTo(1008));
    }

    [Test]
    public async Task A_page_that_closes_is_answered_and_found_no_more()
    {
        using var phone = new Phone(World.Server);
        using var browser = await Browser.AtAsync(World.Server, await World.Admin.HasAccountAsync(phone));
        var page = browser.Page;

        await page.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Page.Patience());

        Assert.That(page.Socket.CloseStatus, Is.EqualTo(WebSocketCloseStatus.NormalClosure));
        await Eventually.IsAsync(async () => (await phone.IdentifyAsync()).Code == "no_live_connection", "the page is forgotten");
    }

    [Test]
    public async Task A_server_that_goes_away_closes_with_1001()
    {
        var server = new TestServer(World.Database);
        using var browser = await Browser.AtAsync(server, await World.Admin.HasAccountAsync());
        var page = browser.Page;
        var closed = page.IsClosedAsync();

        await server.DisposeAsync();

        Assert.That(await closed, Is.EqualTo(1001));
    }

    [Test]
    public async Task The_ninth_page_of_a_session_closes_the_oldest_with_4409()
    {
        using var browser = await Browser.AtAsync(World.Server, await World.Admin.HasAccountAsync());
        var oldest = browser.Page;
        for (var i = 0; i < 8; i++)
        {
            await browser.OpenPageAsync();
        }

        Assert.That(await oldest.IsClosedAsync(), Is.EqualTo(4409));
    }

    [Test]
    public async Task The_seventeenth_page_of_an_account_closes_the_oldest_with_4409()
    {
        var alice = await World.Admin.HasAccountAsync();
        using var browser = await Browser.AtAsync(World.Server, alice);
        var oldest = browser.Page;
        var others = new List<Browser>();
        for (var i = 0; i < 4; i++)
        {
            others.Add(new Browser(World.Server));
            await others[i].SignInAsync(alice);
            for (var page = 0; page < 4; page++)
            {
                await others[i].OpenPageAsync();
            }
        }

        Assert.That(await oldest.IsClosedAsync(), Is.EqualTo(4409));
        others.ForEach(each => each.Dispose());
    }

    /// <summary>Each attempt has all the later faults as well: the first check decides.</summary>
    [TestCase(false, "https://evil.example", false, "other", 426, "upgrade_required")]
    [TestCase(true, "https://evil.example", false, "other", 403, "origin_not_allowed")]
    [TestCase(true, null, false, "other", 403, "origin_not_allowed")]
    [TestCase(true, TestServer.Origin, false, "other", 401, "session_required")]
    [TestCase(true, TestServer.Origin, true, "other", 400, "unsupported_protocol")]
    [TestCase(true, TestServer.Origin, true, null, 400, "unsupported_protocol")]
    public async Task A_handshake_is_checked_in_order(
        bool isWebSocket, string? origin, bool hasSession, string? protocol, int status, string code)
    {
        using var scene = await Scene.ReadyAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = World.Server.Address };
        (string, string)[] headers =
        [
            .. isWebSocket ? new[]
            {
                ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            } : [],
            .. origin is null ? [] : new[] { ("Origin", origin) },
            .. hasSession ? new[] { ("Cookie", scene.Browser.Cookie!) } : [],
            .. protocol is null ? [] : new[] { ("Sec-WebSocket-Protocol", protocol) },
        ];

        var answer = await http.CallAsync(HttpMethod.Get, "/connect", null, headers);

        Assert.That((answer.Status, answer.Code), Is.EqualTo((status, code)));
        Assert.That(answer.Header("Upgrade"), Is.EqualTo(isWebSocket ? null : "websocket"));
    }

    [Test]
    public async Task A_phones_token_opens_no_connection()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("qrlogin.v1");
        socket.Options.SetRequestHeader("Origin", TestServer.Origin);
        socket.Options.SetRequestHeader("Authorization", $"Bearer {scene.Phone.Token}");
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() =>
            socket.ConnectAsync(new UriBuilder(World.Server.Address) { Scheme = "ws", Path = "/connect" }.Uri, Page.Patience()));
        Assert.That((int)socket.HttpStatusCode, Is.EqualTo(403));
    }

    [Test]
    public async Task A_page_that_never_reads_is_closed_and_others_are_unaffected()
    {
        using var scene = await Scene.ReadyAsync();
        using var deaf = new System.Net.Sockets.TcpClient { ReceiveBufferSize = 1024 };
        await deaf.ConnectAsync(World.Server.Address.Host, World.Server.Address.Port);
        await deaf.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /connect HTTP/1.1\r\nHost: localhost\r\nOrigin: {TestServer.Origin}\r\nCookie: {scene.Browser.Cookie}\r\n"
            + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: qrlogin.v1\r\n\r\n"));

        var connections = World.Server.Services.GetRequiredService<BrowserConnections>();
        var session = Guid.Parse((await scene.Browser.WhoAmIAsync())["session"]["id"]!.ToString());
        await Eventually.IsAsync(() => Task.FromResult(connections.OfSession(session).Length == 2), "both are connected");
        var flood = new byte[64 * 1024];
        flood.AsSpan().Fill((byte)' ');
        while (connections.OfSession(session)[^1].TrySend(flood))
        {
        }

        await Eventually.IsAsync(() => Task.FromResult(connections.OfSession(session).Length == 1), "the deaf one is gone");
        await scene.AdmittedAsync();
    }
}
