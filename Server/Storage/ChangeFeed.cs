using Npgsql;

namespace QrLogin.Server.Storage;

/// <summary>
/// Hears which accounts have been changed, by whomever: this node, another, an administrator (<c>db/005_change_feed.sql</c>). What it
/// says is a reason to read again. It listens again by itself when its connection is lost, and then says so, because what happened
/// meanwhile was not heard. Handlers are called from any thread and must not block.
/// </summary>
internal sealed class ChangeFeed(NpgsqlDataSource source, ILogger<ChangeFeed> logger) : BackgroundService
{
    private static readonly TimeSpan ListenAgainAfter = TimeSpan.FromMilliseconds(250);
    private long version;

    public event Action<Guid>? BindingsChanged;

    public event Action<Guid>? SessionsChanged;

    /// <summary>Listening has begun, or begun again: anything may have changed.</summary>
    public event Action? Resumed;

    /// <summary>Grows with every change that is heard: who has seen it unchanged around a read has missed nothing.</summary>
    public long Version => Interlocked.Read(ref version);

    /// <summary>For a session that this node has made: its insert does not notify.</summary>
    public void SessionMade(Guid accountId) => SessionsChanged?.Invoke(accountId);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isLost = false;
        using var pause = new PeriodicTimer(ListenAgainAfter);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (!isLost)
                {
                    logger.LogWarning("The change feed is lost and listens again: {Reason}", e.Message);
                }

                isLost = true;
            }

            await pause.WaitForNextTickAsync(stoppingToken);
        }

        async Task ListenAsync(CancellationToken cancellationToken)
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            connection.Notification += (_, notification) => Hear(notification);
            await using (var listen = new NpgsqlCommand("listen qrlogin_bindings; listen qrlogin_sessions", connection))
            {
                await listen.ExecuteNonQueryAsync(cancellationToken);
            }

            if (isLost)
            {
                logger.LogInformation("The change feed listens again");
            }

            isLost = false;
            Interlocked.Increment(ref version);
            Resumed?.Invoke();
            while (true)
            {
                await connection.WaitAsync(cancellationToken);
            }
        }
    }

    private void Hear(NpgsqlNotificationEventArgs notification)
    {
        if (!Guid.TryParse(notification.Payload, out var accountId))
        {
            return;
        }

        Interlocked.Increment(ref version);
        (notification.Channel == "qrlogin_bindings" ? BindingsChanged : SessionsChanged)?.Invoke(accountId);
    }
}
