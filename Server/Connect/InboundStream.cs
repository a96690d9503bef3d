using System.Buffers;

namespace QrLogin.Server.Connect;

/// <summary>
/// The bytes beneath a socket. What the browser sends is counted before the framework's WebSocket sees it: beyond a budget, which bounds
/// pings, fragments and trickles alike, and at what RFC 6455 forbids and the framework takes, <see cref="Refused"/> is called and nothing
/// more is handed on. One reader at a time; what is written passes through.
/// </summary>
internal sealed class InboundStream(Stream inner, int bytesPerMinute, TimeProvider time) : Stream
{
    private const int MaxDrained = 1024 * 1024;
    private static readonly TimeSpan DrainDeadline = TimeSpan.FromMilliseconds(250);

    private FrameHeaders headers;
    private long minute = time.GetTimestamp(); // when the one that is counted began
    private int counted;
    private bool hasEnded;

    /// <summary>Begins the orderly end of the socket.</summary>
    public Action<CloseReason>? Refused { get; set; }

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>An empty buffer waits for bytes: nothing to count, and no memory held while a connection is idle.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        buffer.IsEmpty ? inner.ReadAsync(buffer, cancellationToken) : ReadCountedAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>
    /// Waits briefly for the peer's end, and throws away what comes: closed with bytes unread, TCP would reset, and the peer might never
    /// see the Close frame that it has been sent.
    /// </summary>
    public async Task DrainAsync()
    {
        using var deadline = new CancellationTokenSource(DrainDeadline);
        var garbage = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            for (var drained = 0; !hasEnded && drained < MaxDrained;)
            {
                var count = await inner.ReadAsync(garbage, deadline.Token);
                drained += count;
                hasEnded = count == 0;
            }

            if (!hasEnded)
            {
                await Task.Delay(DrainDeadline, deadline.Token); // who sends still more waits for us now
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // it is late, or the connection is gone
        }
        finally
        {
            hasEnded = true;
            ArrayPool<byte>.Shared.Return(garbage);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadCountedAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        hasEnded = count == 0;
        var reason = !IsWithinBudget(count) ? CloseReason.TooMuch
            : !headers.Take(buffer.Span[..count]) ? CloseReason.ProtocolError
            : null;
        if (reason is null)
        {
            return count;
        }

        Refused?.Invoke(reason);
        await DrainAsync();
        return 0;
    }

    private bool IsWithinBudget(int bytes)
    {
        if (time.GetElapsedTime(minute) >= TimeSpan.FromMinutes(1))
        {
            (minute, counted) = (time.GetTimestamp(), 0);
        }

        counted += bytes;
        return counted <= bytesPerMinute;
    }
}
