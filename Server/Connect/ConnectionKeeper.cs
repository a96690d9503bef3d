using QrLogin.Server.Bindings;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Connect;

/// <summary>
/// Keeps the live connections true to the database: reads again what the change feed names, closes those whose session has ended or
/// expired with 4401, and re-indexes those whose bindings have changed. One loop does all of it, so that no two reads overtake each other.
/// </summary>
internal sealed class ConnectionKeeper : BackgroundService
{
    private const int AccountsPerRead = 500;
    private static readonly TimeSpan ExpiryTick = TimeSpan.FromSeconds(1);

    private readonly BrowserConnections connections;
    private readonly LiveStateStore store;
    private readonly TimeProvider time;
    private readonly ILogger<ConnectionKeeper> logger;

    private readonly Lock gate = new();
    private readonly SemaphoreSlim wake = new(0);
    private readonly Dictionary<Guid, bool> changed = []; // account → whether its sessions have changed

    public ConnectionKeeper(
        ChangeFeed feed, BrowserConnections connections, LiveStateStore store, TimeProvider time, ILogger<ConnectionKeeper> logger)
    {
        (this.connections, this.store, this.time, this.logger) = (connections, store, time, logger);
        feed.BindingsChanged += accountId => Check([accountId], sessionsToo: false);
        feed.SessionsChanged += accountId => Check([accountId], sessionsToo: true);
        feed.Resumed += () => Check(connections.Accounts(), sessionsToo: true);
    }

    /// <summary>Has these accounts read again soon; those without a live connection cost no read.</summary>
    public void Check(Guid[] accountIds, bool sessionsToo)
    {
        lock (gate)
        {
            foreach (var accountId in accountIds)
            {
                changed[accountId] = sessionsToo || changed.GetValueOrDefault(accountId);
            }

            if (wake.CurrentCount == 0)
            {
                wake.Release(); // never counted up: one pass takes all there is
            }
        }
    }

    public override void Dispose()
    {
        wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await wake.WaitAsync(ExpiryTick, stoppingToken);
            CheckExpired();
            var accounts = Take();
            try
            {
                for (; accounts.Count > 0; accounts = Take())
                {
                    await ReadAgainAsync(accounts);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(e, "{Accounts} changed accounts could not be read; they are read again in a second", accounts.Count);
                await Task.Delay(ExpiryTick, time, stoppingToken);
                PutBack(accounts);
            }
        }
    }

    private Dictionary<Guid, bool> Take()
    {
        lock (gate)
        {
            var taken = changed.Take(AccountsPerRead).ToDictionary();
            foreach (var accountId in taken.Keys)
            {
                changed.Remove(accountId);
            }

            return taken;
        }
    }

    private void PutBack(Dictionary<Guid, bool> accounts)
    {
        foreach (var (accountId, sessionsToo) in accounts)
        {
            Check([accountId], sessionsToo);
        }
    }

    private async Task ReadAgainAsync(Dictionary<Guid, bool> accounts)
    {
        // The connections first: one that comes after this has read its state itself, or asks for it here.
        var live = accounts.Keys.SelectMany(connections.OfAccount).ToList();
        if (live.Count == 0)
        {
            return;
        }

        var state = await store.ReadAsync(
            [.. live.Select(each => each.AccountId).Distinct()], [.. live.Select(each => each.SessionId).Distinct()]);
        foreach (var connection in live)
        {
            if (!state.Sessions.TryGetValue(connection.SessionId, out var expiresIn))
            {
                connections.Remove(connection);
                connection.Close(CloseReason.SessionEnded);
                continue;
            }

            connection.ExpiresAt = time.GetTimestamp() + (expiresIn * time.TimestampFrequency);

            Identifier[] identifiers = [.. state.Identifiers[connection.AccountId]];
            if (connection.Identifiers is not null && connections.Reindex(connection, identifiers))
            {
                connection.TrySend(new IdentifiersMessage(MaskedIdentifier.Of(identifiers)).ToUtf8());
            }

            if (accounts[connection.AccountId])
            {
                connection.TrySend(SessionsMessage.Utf8);
            }
        }
    }

    /// <summary>By this process's clock it is time; whether a session has expired is for PostgreSQL to say.</summary>
    private void CheckExpired()
    {
        var expired = connections.ExpiredBy(time.GetTimestamp());
        if (expired.Length > 0)
        {
            Check(Array.ConvertAll(expired, each => each.AccountId), sessionsToo: false);
        }
    }
}
