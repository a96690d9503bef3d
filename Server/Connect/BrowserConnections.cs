using Microsoft.Extensions.Options;
using QrLogin.Server.Bindings;

namespace QrLogin.Server.Connect;

/// <summary>
/// The live connections of this process, found by identifier, session and account; they are written down nowhere else. Safe for
/// concurrent use: one lock, held for dictionary work only; what it returns are snapshots.
/// </summary>
internal sealed class BrowserConnections
{
    private readonly Lock gate = new();
    private readonly ConnectionIndex<Identifier> byIdentifier = new();
    private readonly ConnectionIndex<Guid> bySession = new();
    private readonly ConnectionIndex<Guid> byAccount = new();
    private readonly SocketLimits limits;
    private bool isClosed;

    public BrowserConnections(IHostApplicationLifetime lifetime, IOptions<SocketLimits> limits)
    {
        this.limits = limits.Value;
        lifetime.ApplicationStopping.Register(CloseAll);
    }

    /// <summary>True from <see cref="CloseAll"/> on: no connection is taken any more.</summary>
    public bool IsClosed => Volatile.Read(ref isClosed);

    /// <summary>Registers a connection, not yet by identifier; where its session or account has too many, the oldest goes.</summary>
    /// <returns>False when the server is going away.</returns>
    public bool TryAdd(BrowserConnection connection)
    {
        BrowserConnection? oldest = null;
        lock (gate)
        {
            if (isClosed)
            {
                return false;
            }

            var ofSession = bySession.Find(connection.SessionId);
            var ofAccount = byAccount.Find(connection.AccountId);
            oldest = ofSession.Length >= limits.ConnectionsPerSession ? ofSession[0]
                : ofAccount.Length >= limits.ConnectionsPerAccount ? ofAccount[0]
                : null;
            if (oldest is not null)
            {
                RemoveLocked(oldest);
            }

            bySession.Add(connection.SessionId, connection);
            byAccount.Add(connection.AccountId, connection);
        }

        oldest?.Close(CloseReason.Crowded);
        return true;
    }

    /// <summary>Forgets this connection, and no other; again is harmless.</summary>
    public void Remove(BrowserConnection connection)
    {
        lock (gate)
        {
            RemoveLocked(connection);
        }
    }

    /// <summary>The account that the first of these to find a live connection finds.</summary>
    public Guid? FindAccount(Identifier[] identifiers)
    {
        lock (gate)
        {
            foreach (var identifier in identifiers)
            {
                if (byIdentifier.Find(identifier) is [var connection, ..])
                {
                    return connection.AccountId;
                }
            }
        }

        return null;
    }

    /// <summary>Oldest first.</summary>
    public BrowserConnection[] OfSession(Guid sessionId)
    {
        lock (gate)
        {
            return bySession.Find(sessionId);
        }
    }

    /// <summary>Oldest first.</summary>
    public BrowserConnection[] OfAccount(Guid accountId)
    {
        lock (gate)
        {
            return byAccount.Find(accountId);
        }
    }

    /// <summary>The accounts that have a live connection.</summary>
    public Guid[] Accounts()
    {
        lock (gate)
        {
            return byAccount.Keys();
        }
    }

    /// <summary>Those whose session has expired by this timestamp of <see cref="TimeProvider"/>.</summary>
    public BrowserConnection[] ExpiredBy(long timestamp)
    {
        lock (gate)
        {
            return [.. byAccount.All().Where(each => each.ExpiresAt <= timestamp)];
        }
    }

    /// <summary>Makes these identifiers find the connection, and no others.</summary>
    /// <returns>Whether that was a change; false as well when the connection is not registered any more.</returns>
    public bool Reindex(BrowserConnection connection, Identifier[] identifiers)
    {
        lock (gate)
        {
            if (!bySession.Find(connection.SessionId).Contains(connection) || connection.Identifiers?.SequenceEqual(identifiers) == true)
            {
                return false;
            }

            IndexLocked(connection, identifiers);
            return true;
        }
    }

    /// <summary>The server is going away: closes all, and takes no more.</summary>
    private void CloseAll()
    {
        BrowserConnection[] all;
        lock (gate)
        {
            isClosed = true;
            all = [.. byAccount.All()];
        }

        foreach (var connection in all)
        {
            connection.Close(CloseReason.GoingAway);
        }
    }

    private void RemoveLocked(BrowserConnection connection)
    {
        bySession.Remove(connection.SessionId, connection);
        byAccount.Remove(connection.AccountId, connection);
        IndexLocked(connection, []);
    }

    private void IndexLocked(BrowserConnection connection, Identifier[] identifiers)
    {
        foreach (var identifier in connection.Identifiers ?? [])
        {
            byIdentifier.Remove(identifier, connection);
        }

        connection.Identifiers = identifiers;
        foreach (var identifier in identifiers)
        {
            byIdentifier.Add(identifier, connection);
        }
    }
}
