using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace QrLogin.Server.Tests.Host;

/// <summary>
/// A TCP proxy in front of PostgreSQL that counts round trips: of the frontend's messages, those that ask for an answer now (Sync and
/// Query; PostgreSQL's documentation, "Message Formats").
/// </summary>
internal sealed class WireCounter : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly (string Host, int Port) target;
    private int roundTrips;

    public WireCounter(string host, int port)
    {
        target = (host, port);
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public int RoundTrips => Volatile.Read(ref roundTrips);

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var frontend = client;
        using var backend = new TcpClient();
        await backend.ConnectAsync(target.Host, target.Port);
        await Task.WhenAny(CountAsync(frontend.GetStream(), backend.GetStream()), backend.GetStream().CopyToAsync(frontend.GetStream()));
    }

    private async Task CountAsync(NetworkStream from, NetworkStream to)
    {
        var isStartup = true; // the first message has no type
        while (true)
        {
            var header = new byte[isStartup ? 4 : 5];
            await from.ReadExactlyAsync(header);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(header.Length - 4)) - 4];
            await from.ReadExactlyAsync(body);
            if (!isStartup && (char)header[0] is 'S' or 'Q')
            {
                Interlocked.Increment(ref roundTrips);
            }

            isStartup = false;
            await to.WriteAsync((byte[])[.. header, .. body]);
        }
    }
}
