using System.Buffers.Binary;

namespace QrLogin.Server.Storage;

/// <summary>Tells the first of what repeats within a minute from the rest; remembers 10,000 at most. Safe for concurrent use.</summary>
internal sealed class AuditRepeats
{
    private const int MaxCount = 10_000;
    private const long Minute = 60_000;
    private readonly Lock gate = new();
    private readonly Dictionary<(string Name, string? Why, ulong Network, Guid? AttemptId), long> first = [];

    public bool IsFirst(AuditEvent happened)
    {
        var key = (happened.Name, happened.Why, Network(happened), happened.AttemptId);
        var now = Environment.TickCount64;
        lock (gate)
        {
            if (first.TryGetValue(key, out var since) && now - since < Minute)
            {
                return false;
            }

            if (first.Count >= MaxCount)
            {
                first.Clear();
            }

            first[key] = now;
            return true;
        }
    }

    /// <summary>What counts as one address: an IPv4 address, or an IPv6 /64.</summary>
    private static ulong Network(AuditEvent happened) => happened.Address?.GetAddressBytes() switch
    {
        null => 0,
        { Length: 4 } bytes => BinaryPrimitives.ReadUInt32BigEndian(bytes),
        var bytes => BinaryPrimitives.ReadUInt64BigEndian(bytes),
    };
}
