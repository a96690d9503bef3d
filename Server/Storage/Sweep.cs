using Dapper;
using Npgsql;

namespace QrLogin.Server.Storage;

/// <summary>
/// Deletes what nobody needs any more, once an hour: attempts 7 days after they expired, sessions 30 days after they ended, a PC's as
/// long as a phone that it admitted, hand-offs after an hour, the audit trail after 90 days. In small steps, so that it never holds a
/// lock for long; several nodes do not get in each other's way.
/// </summary>
internal sealed class Sweep(NpgsqlDataSource source, ILogger<Sweep> logger) : BackgroundService
{
    private const int Step = 1000;

    /// <summary>No request waits for it, so it may read through a table that has grown.</summary>
    private const int SecondsPerStep = 60;

    /// <returns>How many rows were deleted.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        const string attempts = """
            with gone as (
              delete from login_attempt where id in (
                select id from login_attempt where expires_at < now() - interval '7 d' limit @Step for update skip locked)
              returning id)
            select count(*)::int from gone
            """;
        const string sessions = """
            with gone as (
              delete from session where id in (
                select s.id from session s
                where coalesce(s.revoked_at, s.expires_at) < now() - interval '30 d'
                  and not exists (select from session child where child.parent_id = s.id)
                  and not exists (select from login_attempt a where a.session_id = s.id)
                  and not exists (select from login_ticket t where t.session_id = s.id)
                limit @Step for update skip locked)
              returning id)
            select count(*)::int from gone
            """;
        const string tries = """
            with gone as (
              delete from sign_in_try where id in (select id from sign_in_try where at < now() - interval '1 h' limit @Step)
              returning id)
            select count(*)::int from gone
            """;
        const string handoffs = """
            with gone as (
              delete from handoff where hash in (select hash from handoff where expires_at < now() - interval '1 h' limit @Step)
              returning hash)
            select count(*)::int from gone
            """;
        const string audit = "select sweep_audit(@Step)"; // the server has no right to delete there
        var total = 0;
        foreach (var sql in (string[])[attempts, sessions, tries, handoffs, audit])
        {
            int deleted;
            do
            {
                cancellationToken.ThrowIfCancellationRequested();
                await using var connection = await source.OpenConnectionAsync(cancellationToken);
                deleted = await connection.ExecuteScalarAsync<int>(sql, new { Step }, commandTimeout: SecondsPerStep);
                total += deleted;
            }
            while (deleted == Step);
        }

        return total;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var hour = new PeriodicTimer(TimeSpan.FromHours(1));
        while (await hour.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                var rows = await RunAsync(stoppingToken);
                logger.LogInformation("Swept {Rows} expired rows", rows);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(e, "The sweep failed; it tries again in an hour");
            }
        }
    }
}
