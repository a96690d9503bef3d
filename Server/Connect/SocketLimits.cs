using System.ComponentModel.DataAnnotations;

namespace QrLogin.Server.Connect;

/// <summary>What sockets may cost. The keys stand below <c>Limits:Sockets</c>; a wrong value or an unknown key refuses to start.</summary>
internal sealed class SocketLimits
{
    public const string Section = "Limits:Sockets";

    /// <summary>Of one session; with one more, the oldest goes.</summary>
    [Range(1, 10_000)]
    public int ConnectionsPerSession { get; init; } = 8;

    /// <summary>Of one account; with one more, the oldest goes.</summary>
    [Range(1, 10_000)]
    public int ConnectionsPerAccount { get; init; } = 16;

    /// <summary>All that this process holds, those included that are closing; whoever comes then hears 503.</summary>
    [Range(1, 10_000_000)]
    public int Connections { get; init; } = 20_000;

    /// <summary>In which the headers of a request must have come, a handshake's or any other's.</summary>
    [Range(1, 3600)]
    public int HandshakeSeconds { get; init; } = 10;

    /// <summary>What a browser may send on a socket: it has nothing to say but pongs of 14 bytes and, once, a Close.</summary>
    [Range(1024, 1_000_000_000)]
    public int InboundBytesPerMinute { get; init; } = 16 * 1024;
}
