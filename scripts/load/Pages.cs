using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;

namespace QrLogin.Load;

/// <summary>Open pages, one to an account, each with its WebSocket; each reads all the time, as a browser does, answering pings.</summary>
internal sealed class Pages : IDisposable
{
    private readonly List<ClientWebSocket> sockets = [];
    private readonly List<Channel<byte[]>> codes = [];
    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler { UseCookies = false });

    public async Task OpenAsync(Uri server, int count)
    {
        var address = new UriBuilder(server) { Scheme = "ws", Path = "/connect" }.Uri;
        for (var i = 0; i < count; i++)
        {
            var socket = new ClientWebSocket();
            socket.Options.AddSubProtocol("qrlogin.v1");
            socket.Options.KeepAliveInterval = TimeSpan.Zero;
            socket.Options.SetRequestHeader("Origin", Bench.Origin);
            socket.Options.SetRequestHeader("Cookie", Population.Cookie(i));
            sockets.Add(socket);
            codes.Add(Channel.CreateUnbounded<byte[]>());
        }

        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = 32 },
            async (i, cancellation) =>
            {
                await sockets[i].ConnectAsync(address, http, cancellation);
                _ = ReadAsync(sockets[i], codes[i].Writer);
            });
    }

    /// <summary>The ticket in the next code that this page shows.</summary>
    public async Task<string> TicketAsync(int page) => QrPixels.Read(
        await codes[page].Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10))).Split('#')[1];

    public void Dispose()
    {
        sockets.ForEach(each => each.Dispose());
        http.Dispose();
    }

    private static async Task ReadAsync(ClientWebSocket socket, ChannelWriter<byte[]> pngs)
    {
        var buffer = new byte[4096];
        try
        {
            var length = 0;
            while (await socket.ReceiveAsync(buffer.AsMemory(length), default) is { MessageType: WebSocketMessageType.Text } frame)
            {
                length += frame.Count;
                if (frame.EndOfMessage && buffer.AsSpan(0, length).StartsWith("{\"type\":\"qr\""u8))
                {
                    pngs.TryWrite(Image(buffer.AsSpan(0, length)));
                }

                length = frame.EndOfMessage ? 0 : length;
            }

            pngs.Complete(new WebSocketException($"The server closed with {socket.CloseStatus}."));
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            pngs.TryComplete(e);
        }
    }

    private static byte[] Image(ReadOnlySpan<byte> message)
    {
        var start = message.IndexOf("base64,"u8) + 7;
        var image = message[start..(start + message[start..].IndexOf((byte)'"'))];
        return Convert.FromBase64String(Encoding.ASCII.GetString(image).Replace("\\u002B", "+", StringComparison.Ordinal));
    }
}
