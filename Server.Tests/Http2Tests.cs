using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>The WebSocket over HTTP/2: extended CONNECT, RFC 8441.</summary>
internal sealed class Http2Tests
{
    [Test]
    public async Task A_page_connects_over_http_2()
    {
        await using var server = new TestServer(World.Database, new() { ["Kestrel:EndpointDefaults:Protocols"] = "Http2" });
        var alice = await World.Admin.HasAccountAsync();
        using var handler = new SocketsHttpHandler();
        using var http = new HttpClient(handler, disposeHandler: false)
        {
            BaseAddress = server.Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        http.DefaultRequestHeaders.Add("Origin", TestServer.Origin);
        using var signedIn = await http.PostAsJsonAsync("/api/session", new { username = alice.Username, password = Account.Password });
        Assert.That(signedIn.StatusCode, Is.EqualTo(HttpStatusCode.OK));

        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.AddSubProtocol("qrlogin.v1");
        socket.Options.SetRequestHeader("Origin", TestServer.Origin);
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        await socket.ConnectAsync(new UriBuilder(server.Address) { Scheme = "ws", Path = "/connect" }.Uri, invoker, Page.Patience());
        using var page = new Page(socket);

        Assert.That((await page.HearsAsync("welcome"))["account"]!["username"]!.ToString(), Is.EqualTo(alice.Username));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Page.Patience());
        Assert.That(socket.CloseStatus, Is.EqualTo(WebSocketCloseStatus.NormalClosure));
    }
}
