using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using QrLogin.Server.Connect;
using QrLogin.Server.Storage;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>One socket on its own: the order of what it says, and its end.</summary>
internal sealed class BrowserConnectionTests
{
    [Test]
    public async Task What_is_pushed_before_the_welcome_follows_it()
    {
        using var pair = await SocketPair.MakeAsync();
        Assert.That(pair.Connection.TrySend("pushed"u8.ToArray()), Is.True);

        var run = pair.Connection.RunAsync("welcome"u8.ToArray());

        Assert.That(await pair.HearsAsync(), Is.EqualTo("welcome"));
        Assert.That(await pair.HearsAsync(), Is.EqualTo("pushed"));
        pair.Connection.Close(CloseReason.GoingAway);
        Assert.That(await pair.HearsAsync(), Is.EqualTo("close 1001"));
        await run;
    }

    [Test]
    public async Task Without_a_welcome_nothing_is_said_but_the_close()
    {
        using var pair = await SocketPair.MakeAsync();
        pair.Connection.TrySend("pushed"u8.ToArray());
        pair.Connection.Close(CloseReason.GoingAway);

        var run = pair.Connection.RunAsync(null);

        Assert.That(await pair.HearsAsync(), Is.EqualTo("close 1001"));
        await run;
    }

    [Test]
    public async Task The_first_reason_wins_and_arrives_whatever_is_being_sent()
    {
        for (var round = 0; round < 200; round++)
        {
            using var pair = await SocketPair.MakeAsync();
            var run = pair.Connection.RunAsync("welcome"u8.ToArray());
            var pushes = Enumerable.Range(0, 4).Select(_ => Task.Run(() => pair.Connection.TrySend("pushed"u8.ToArray())));
            var close = Task.Run(() => pair.Connection.Close(CloseReason.SessionEnded));
            await Task.WhenAll([.. pushes, close]);
            pair.Connection.Close(CloseReason.GoingAway);

            var heard = "";
            while (!heard.StartsWith("close", StringComparison.Ordinal))
            {
                heard = await pair.HearsAsync();
            }

            Assert.That(heard, Is.EqualTo("close 4401"), $"round {round}");
            await run;
            Assert.That(pair.Connection.TrySend("late"u8.ToArray()), Is.False);
        }
    }

    [Test]
    public async Task A_peer_that_does_not_answer_the_close_is_cut_off()
    {
        using var pair = await SocketPair.MakeAsync();
        var run = pair.Connection.RunAsync("welcome"u8.ToArray());
        pair.Connection.Close(CloseReason.SessionEnded);
        await run.WaitAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>A connection and its browser, over TCP on loopback.</summary>
    private sealed class SocketPair(BrowserConnection connection, WebSocket browser) : IDisposable
    {
        public BrowserConnection Connection => connection;

        public static async Task<SocketPair> MakeAsync()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var browser = new TcpClient();
            await browser.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
            var server = await listener.AcceptTcpClientAsync();
            return new SocketPair(
                new BrowserConnection(
                    WebSocket.CreateFromStream(server.GetStream(), new WebSocketCreationOptions { IsServer = true }),
                    Guid.NewGuid(), Guid.NewGuid(), Secret.New(32), long.MaxValue),
                WebSocket.CreateFromStream(browser.GetStream(), new WebSocketCreationOptions()));
        }

        /// <summary>The next message; "close" and its code, which is answered.</summary>
        public async Task<string> HearsAsync()
        {
            var buffer = new byte[256];
            var frame = await browser.ReceiveAsync(buffer, Page.Patience());
            if (frame.MessageType != WebSocketMessageType.Close)
            {
                return Encoding.UTF8.GetString(buffer, 0, frame.Count);
            }

            // Not awaited: a browser waits for the server to end the TCP connection, up to a second.
            _ = browser.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Page.Patience());
            return $"close {(int)frame.CloseStatus!}";
        }

        public void Dispose()
        {
            connection.Dispose();
            browser.Dispose();
        }
    }
}
