using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace QrLogin.Server.Tests.Host;

/// <summary>
/// A TCP proxy in front of PostgreSQL that loses the answer to one statement: PostgreSQL has done it and committed, and the server never
/// hears so. It can also cut everything, or stand still. Any thread may tell it to.
/// </summary>
internal sealed class LossyWire : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> open = new();
    private readonly (string Host, int Port) target;
    private byte[]? marker;
    private TimeSpan? delay;

    public LossyWire(string host, int port)
    {
        target = (host, port);
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>How many answers have been lost.</summary>
    public int Lost { get; private set; }

    /// <summary>The answer to the next statement with these words does not arrive.</summary>
    /// <param name="after">It arrives, so much later; without, the connection is cut instead.</param>
    public void LoseAnswerTo(string words, TimeSpan? after = null) => (delay, marker) = (after, Encoding.ASCII.GetBytes(words));

    /// <summary>PostgreSQL is out of reach: connections are cut, new ones at once.</summary>
    public bool IsDown
    {
        get;
        set
        {
            field = value;
            if (value)
            {
                CutAll();
            }
        }
    }

    /// <summary>Every connection that stands.</summary>
    public void CutAll() => open.Keys.ToList().ForEach(each => each.Dispose());

    public void Dispose()
    {
        listener.Dispose();
        CutAll();
    }

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
            // the test is over
        }
    }

    private async Task ServeAsync(TcpClient frontend)
    {
        using var backend = new TcpClient();
        try
        {
            if (IsDown)
            {
                return;
            }

            await backend.ConnectAsync(target.Host, target.Port);
            open[frontend] = 0;
            var isMarked = false;
            await Task.WhenAny(AskAsync(), AnswerAsync());

            async Task AskAsync()
            {
                var (buffer, count) = (new byte[64 * 1024], 0);
                while ((count = await frontend.GetStream().ReadAsync(buffer)) > 0)
                {
                    if (marker is { } words && buffer.AsSpan(0, count).IndexOf(words) >= 0)
                    {
                        (marker, isMarked) = (null, true);
                    }

                    await backend.GetStream().WriteAsync(buffer.AsMemory(0, count));
                }
            }

            async Task AnswerAsync()
            {
                var (buffer, count) = (new byte[64 * 1024], 0);
                while ((count = await backend.GetStream().ReadAsync(buffer)) > 0)
                {
                    if (isMarked) // PostgreSQL answers when it has committed
                    {
                        (isMarked, Lost) = (false, Lost + 1);
                        if (delay is not { } later)
                        {
                            return;
                        }

                        await Task.Delay(later);
                    }

                    await frontend.GetStream().WriteAsync(buffer.AsMemory(0, count));
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // cut
        }
        finally
        {
            open.TryRemove(frontend, out _);
            frontend.Dispose();
        }
    }
}
