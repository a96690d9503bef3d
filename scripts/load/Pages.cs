using System.Net.WebSockets;

namespace QrLogin.Load;

/// <summary>Idle pages, one to an account, each with its WebSocket; what they hear is a code to scan.</summary>
internal sealed class Pages : IDisposable
{
    private readonly List<ClientWebSocket> sockets = [];
    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler { UseCookies = false });

    /// <summary>Opens so many, from several loopback addresses' worth of clients at a time.</summary>
    public async Task OpenAsync(Uri server, int count)
    {
        var opened = new ClientWebSocket[count];
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, cancellation) =>
        {
            var socket = opened[i] = new ClientWebSocket();
            socket.Options.AddSubProtocol("qrlogin.v1");
            socket.Options.KeepAliveInterval = TimeSpan.Zero;
            socket.Options.SetRequestHeader("Origin", Bench.Origin);
            socket.Options.SetRequestHeader("Cookie", Population.Cookie(i));
            await socket.ConnectAsync(new UriBuilder(server) { Scheme = "ws", Path = "/connect" }.Uri, http, cancellation);
        });
        sockets.AddRange(opened);
    }

    /// <summary>Every page has had its welcome.</summary>
    public async Task WelcomedAsync()
    {
        var buffer = new byte[4096];
        foreach (var socket in sockets)
        {
            await socket.ReceiveAsync(buffer, default);
        }
    }

    /// <summary>The ticket in the next code that this page shows.</summary>
    public async Task<string> TicketAsync(int i, byte[] buffer)
    {
        while (true)
        {
            var frame = await sockets[i].ReceiveAsync(buffer, default);
            var message = buffer.AsSpan(0, frame.Count);
            if (message.StartsWith("{\"type\":\"qr\""u8))
            {
                var start = message.IndexOf("base64,"u8) + 7;
                var image = message[start..(start + message[start..].IndexOf((byte)'"'))];
                var text = System.Text.Encoding.ASCII.GetString(image).Replace("\\u002B", "+", StringComparison.Ordinal);
                return QrPixels.Read(Convert.FromBase64String(text)).Split('#')[1];
            }
        }
    }

    public void Dispose()
    {
        sockets.ForEach(each => each.Dispose());
        http.Dispose();
    }
}
