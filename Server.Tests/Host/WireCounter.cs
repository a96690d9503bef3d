using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace QrLogin.Server.Tests.Host;

/// <summary>
/// A TCP proxy in front of PostgreSQL that counts round trips: of the frontend's messages, those that ask for an answer now (Sync and
/// Query; PostgreSQL's documentation, "Message Formats"). Those of the audit trail, for which nobody waits, are counted apart: its
/// connection has a name.
/// </summary>
internal sealed class WireCounter : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly (string Host, int Port) target;
    private int roundTrips;
    private int auditRoundTrips;

    public WireCounter(string host, int port)
    {
        target = (host, port);
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public int RoundTrips => Volatile.Read(ref roundTrips);

    public int AuditRoundTrips => Volatile.Read(ref auditRoundTrips);

    /// <summary>What the audit trail sends arrives, but it never hears so: its connection breaks instead.</summary>
    public bool LosesAuditAnswers { get; set; }

    /// <summary>What the audit trail sends goes on when this is done.</summary>
    public Task AuditGate { get; set; } = Task.CompletedTask;

    public bool HoldsAudit { get; private set; }

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
        var isAudit = false;
        var isAnswerLost = false;
        await Task.WhenAny(CountAsync(), AnswerAsync());

        async Task AnswerAsync()
        {
            var buffer = new byte[8192];
            while (await backend.GetStream().ReadAsync(buffer) is > 0 and var count && !isAnswerLost)
            {
                await frontend.GetStream().WriteAsync(buffer.AsMemory(0, count));
            }
        }

        async Task CountAsync()
        {
            var (from, to) = (frontend.GetStream(), backend.GetStream());
            var isStartup = true; // the first message has no type
            while (true)
            {
                var header = new byte[isStartup ? 4 : 5];
                await from.ReadExactlyAsync(header);
                var body = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(header.Length - 4)) - 4];
                await from.ReadExactlyAsync(body);
                isAudit |= isStartup && Encoding.ASCII.GetString(body).Contains("qrlogin audit", StringComparison.Ordinal);
                if (!isStartup && (char)header[0] is 'S' or 'Q')
                {
                    isAnswerLost |= isAudit && LosesAuditAnswers;
                    Interlocked.Increment(ref isAudit ? ref auditRoundTrips : ref roundTrips);
                }

                if (isAudit && !isStartup)
                {
                    HoldsAudit = !AuditGate.IsCompleted;
                    await AuditGate;
                }

                isStartup = false;
                await to.WriteAsync((byte[])[.. header, .. body]);
            }
        }
    }
}
