using System.Buffers;
using System.Net.WebSockets;
using QrLogin.Server.Bindings;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Connect;

/// <summary>
/// One PC page's socket. The server speaks and the browser listens: the first message is the welcome, later ones come in the order of
/// <see cref="TrySend"/>, and a data frame from the browser closes the socket. One sender at a time; a peer that does not read is
/// closed, never waited for. All members may be called from any thread; none blocks.
/// </summary>
/// <remarks>
/// An orderly end is: our Close frame, then reading on until the peer's, then the TCP connection; whoever does not answer within
/// <see cref="CloseDeadline"/> is cut off. A pending receive is never cancelled: that would abort the socket without a Close frame.
/// </remarks>
internal sealed class BrowserConnection(WebSocket socket, Guid sessionId, Guid accountId, Secret sessionKey, long expiresAt) : IDisposable
{
    /// <summary>Messages that may wait for a slow peer.</summary>
    private const int MaxWaiting = 32;
    private static readonly TimeSpan SendDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CloseDeadline = TimeSpan.FromSeconds(3);

    private readonly Lock gate = new();
    private readonly Queue<byte[]> outbox = new();
    private readonly TaskCompletionSource sentClose = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool isSending = true; // until the welcome, so that nothing precedes it
    private CloseReason? closing;
    private Timer? closeTimer;

    public Guid Id { get; } = Guid.CreateVersion7();

    public Guid SessionId => sessionId;

    public Guid AccountId => accountId;

    /// <summary>The same for all connections of the session, on every node, and known to nobody else: it is made of the cookie.</summary>
    public Secret SessionKey => sessionKey;

    /// <summary>When the session expires, as a timestamp of <see cref="TimeProvider"/>; kept by <see cref="ConnectionKeeper"/>.</summary>
    public long ExpiresAt { get; set; } = expiresAt;

    /// <summary>What finds this connection, null until it is known; written by <see cref="BrowserConnections"/> under its lock.</summary>
    public Identifier[]? Identifiers { get; set; }

    /// <summary>Queues a message.</summary>
    /// <returns>False when the socket is closing, or is closed now because its peer has not read for too long.</returns>
    public bool TrySend(byte[] message)
    {
        lock (gate)
        {
            if (closing is not null)
            {
                return false;
            }

            if (outbox.Count >= MaxWaiting)
            {
                Close(CloseReason.TooSlow);
                return false;
            }

            outbox.Enqueue(message);
            if (isSending)
            {
                return true;
            }

            isSending = true;
        }

        _ = SendAllAsync();
        return true;
    }

    /// <summary>Begins the orderly end; the first reason wins.</summary>
    public void Close(CloseReason reason)
    {
        lock (gate)
        {
            if (closing is not null)
            {
                return;
            }

            closing = reason;
            closeTimer = new Timer(static socket => ((WebSocket)socket!).Abort(), socket, CloseDeadline, Timeout.InfiniteTimeSpan);
            if (isSending)
            {
                return;
            }

            isSending = true;
        }

        _ = SendAllAsync();
    }

    /// <summary>Sends the welcome, then lives until either side has closed; never throws for what the peer does.</summary>
    /// <param name="welcome">Null when there is none, because the socket is closing already: then only the Close frame is sent.</param>
    public async Task RunAsync(byte[]? welcome)
    {
        if (welcome is null)
        {
            lock (gate)
            {
                outbox.Clear();
            }
        }

        _ = SendAllAsync(welcome);
        try
        {
            // An empty buffer waits for a frame without holding memory for it.
            var frame = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
            if (frame.MessageType != WebSocketMessageType.Close)
            {
                Close(CloseReason.DataReceived);
                await DiscardAsync();
            }

            Close(CloseReason.ByPeer);
            await sentClose.Task;
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The peer is gone, did not answer in time, or broke the protocol; the socket is aborted.
        }
    }

    public void Dispose()
    {
        Close(CloseReason.ByPeer);
        closeTimer?.Dispose();
        socket.Dispose();
    }

    private async Task DiscardAsync()
    {
        var garbage = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            while ((await socket.ReceiveAsync(garbage.AsMemory(), CancellationToken.None)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(garbage);
        }
    }

    /// <summary>The one sender: runs while <see cref="isSending"/>, which only it clears.</summary>
    private async Task SendAllAsync(byte[]? first = null)
    {
        try
        {
            var (message, reason) = first is null ? Next() : (first, null);
            while (message is not null)
            {
                using var deadline = new CancellationTokenSource(SendDeadline);
                await socket.SendAsync(message.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, deadline.Token);
                (message, reason) = Next();
            }

            if (reason is not null)
            {
                await socket.CloseOutputAsync(reason.Code, reason.Text, CancellationToken.None);
                sentClose.TrySetResult();
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or InvalidOperationException)
        {
            Close(CloseReason.ByPeer); // from now on TrySend says so
            socket.Abort();
            sentClose.TrySetResult();
        }
    }

    /// <summary>The next message; or why the socket closes; or neither, and the sender rests.</summary>
    private (byte[]? Message, CloseReason? Reason) Next()
    {
        lock (gate)
        {
            if (outbox.TryDequeue(out var message))
            {
                return (message, null);
            }

            isSending = closing is not null;
            return (null, closing);
        }
    }
}
