using System.Diagnostics;
using System.Threading.Channels;
using Dapper;
using Npgsql;

namespace QrLogin.Server.Storage;

/// <summary>
/// Writes what this server did to the table <c>audit</c>, on a connection of its own, so that no request waits for it: many events in one
/// statement, four times a second at most. While PostgreSQL is away they wait; those that do not fit into the queue are counted, and the
/// count is written. A crash loses what has not been written yet: a quarter second. A write whose answer was lost is repeated and adds
/// nothing. Safe for concurrent use.
/// </summary>
/// <param name="source">Its own; it disposes of it.</param>
internal sealed class AuditTrail(NpgsqlDataSource source, int queueLength, ILogger<AuditTrail> logger) : BackgroundService
{
    public const int DefaultQueueLength = 10_000;
    private const int BatchSize = 1_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Of the 8 s that the host has to shut down.</summary>
    private static readonly TimeSpan PatienceAtTheEnd = TimeSpan.FromSeconds(3);

    private readonly Channel<Entry> queue = Channel.CreateBounded<Entry>(new BoundedChannelOptions(queueLength) { SingleReader = true });
    private readonly AuditRepeats repeats = new();
    private readonly List<Entry> batch = [];
    private long lost;
    private bool isAway;

    /// <summary>No event is before the one that was written before it, however long a statement is on its way.</summary>
    private DateTime latest = DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc);

    /// <summary>Never waits and never fails.</summary>
    public void Record(AuditEvent happened)
    {
        var isRepeatable = happened.OncePerMinute || happened.Why == "too_many_requests";
        if ((!isRepeatable || repeats.IsFirst(happened)) && !queue.Writer.TryWrite(Entry.Now(happened)))
        {
            Interlocked.Increment(ref lost);
        }
    }

    public override void Dispose()
    {
        source.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var pause = new PeriodicTimer(Pause);
        try
        {
            while (true)
            {
                if (batch.Count == 0 && Interlocked.Read(ref lost) == 0)
                {
                    await queue.Reader.WaitToReadAsync(stoppingToken);
                }

                await pause.WaitForNextTickAsync(stoppingToken);
                await TryFlushAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await FlushAtTheEndAsync(pause);
        }
    }

    private async Task FlushAtTheEndAsync(PeriodicTimer pause)
    {
        var clock = Stopwatch.StartNew();
        while (!await TryFlushAsync())
        {
            if (clock.Elapsed > PatienceAtTheEnd)
            {
                logger.LogError("{Count} events of the audit trail are lost: it could not be written at the end",
                    batch.Count + queue.Reader.Count + Interlocked.Read(ref lost));
                return;
            }

            await pause.WaitForNextTickAsync();
        }
    }

    /// <returns>Whether all that there was is written.</returns>
    private async Task<bool> TryFlushAsync()
    {
        try
        {
            // A batch that is not full waits for the next turn, or each event would soon be a batch of its own.
            for (var isFull = true; isFull && IsFilled(); batch.Clear())
            {
                isFull = batch.Count == BatchSize;
                latest = await WriteAsync();
                if (isAway)
                {
                    logger.LogInformation("The audit trail is written again");
                }

                isAway = false;
            }

            return true;
        }
        catch (PostgresException e) when (e.SqlState[..2] is "22" or "23")
        {
            // It would be refused for ever, and everything behind it would wait.
            logger.LogError(e, "{Count} events of the audit trail are refused by the table", batch.Count);
            Interlocked.Add(ref lost, batch.Count);
            batch.Clear();
        }
        catch (Exception e)
        {
            if (!isAway)
            {
                logger.LogWarning("The audit trail cannot be written and waits: {Reason}", e.Message);
            }

            isAway = true;
        }

        return false;
    }

    private bool IsFilled()
    {
        if (batch.Count > 0)
        {
            return true;
        }

        while (batch.Count < BatchSize && queue.Reader.TryRead(out var next))
        {
            batch.Add(next);
        }

        if (batch.Count < BatchSize && Interlocked.Exchange(ref lost, 0) is > 0 and var count)
        {
            batch.Add(Entry.Now(new AuditEvent(AuditEvent.Server, "audit_lost", null) { Detail = $"{count}" }));
        }

        return batch.Count > 0;
    }

    private async Task<DateTime> WriteAsync()
    {
        // PostgreSQL's clock decides when it was: it is told how long ago. "Returning" would need the right to read.
        const string sql = """
            with happened as materialized (
              select id, greatest(statement_timestamp() - age * interval '1 microsecond', least(@latest, statement_timestamp()))
                  + place * interval '1 microsecond' as at, -- so that none are told in another order than they were recorded
                actor, event, why, account_id, session_id, attempt_id, address, detail
              from unnest(@ids, @ages, @actors, @names, @whys, @accounts, @sessions, @attempts, @addresses::inet[], @details)
                with ordinality as e(id, age, actor, event, why, account_id, session_id, attempt_id, address, detail, place)),
            written as (
              insert into audit (id, at, actor, event, why, account_id, session_id, attempt_id, address, detail)
              select id, at, actor, event, why, account_id, session_id, attempt_id, address, detail from happened
              on conflict do nothing)
            select max(at) from happened
            """;
        await using var connection = await source.OpenConnectionAsync();
        var now = Stopwatch.GetTimestamp();
        return await connection.QuerySingleAsync<DateTime>(sql, new
        {
            latest,
            ids = Column(each => each.Id),
            ages = Column(each => (long)Stopwatch.GetElapsedTime(each.At, now).TotalMicroseconds),
            actors = Column(each => each.Event.Actor),
            names = Column(each => each.Event.Name),
            whys = Column(each => each.Event.Why),
            accounts = Column(each => each.Event.AccountId),
            sessions = Column(each => each.Event.SessionId),
            attempts = Column(each => each.Event.AttemptId),
            addresses = Column(each => each.Event.Address?.ToString()),
            details = Column(each => each.Event.Detail),
        });
    }

    private T[] Column<T>(Func<Entry, T> of) => [.. batch.Select(of)];

    /// <param name="At">The stopwatch's reading.</param>
    private readonly record struct Entry(AuditEvent Event, Guid Id, long At)
    {
        public static Entry Now(AuditEvent happened) => new(happened, Guid.CreateVersion7(), Stopwatch.GetTimestamp());
    }
}
