using System.Collections.Concurrent;

namespace QrLogin.Server.Identify;

/// <summary>
/// Attempts of which nobody knows whether they were opened, because PostgreSQL's answer was lost. When the phone asks again, its code is
/// still to be shown. Safe for concurrent use.
/// </summary>
internal sealed class UnheardAttempts
{
    private const int MaxCount = 10_000;
    private readonly ConcurrentDictionary<Guid, byte> ids = new();

    public void Add(Guid attemptId)
    {
        if (ids.Count >= MaxCount)
        {
            ids.Clear(); // pages that connect again show theirs all the same
        }

        ids[attemptId] = 0;
    }

    /// <returns>Whether it was one; it is none any more.</returns>
    public bool Remove(Guid attemptId) => ids.TryRemove(attemptId, out _);
}
