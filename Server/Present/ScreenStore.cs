using QrLogin.Server.Connect;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Present;

/// <summary>What a person at the PC does to an attempt, in PostgreSQL; each is one round trip. Safe for concurrent use.</summary>
internal sealed class ScreenStore(Database database)
{
    /// <summary>Why an attempt <c>a</c> can no longer be shown: the codes of 410.</summary>
    private const string TooLate = """
                  when a.redeemed_at is not null then 'already_redeemed'
                  when a.declined_at is not null then 'declined'
                  when a.superseded_at is not null then 'superseded'
                  when not exists (select from session s join account c on c.id = s.account_id
                    where s.id = @sessionId and s.revoked_at is null and s.expires_at > statement_timestamp() and c.disabled_at is null)
                    then 'session_ended'
                  when a.expires_at <= statement_timestamp() then 'attempt_expired'
        """;

    /// <summary>Stores one more ticket of the attempt for the session, at most 8 in all, and 8 more each time it was extended.</summary>
    /// <param name="ticket">Null when no page of the session is connected to show it.</param>
    /// <returns>Null when the account has no such attempt.</returns>
    public Task<FreshCode?> RefreshAsync(Guid attemptId, Guid accountId, Guid sessionId, Ticket? ticket)
    {
        const string sql = $"""
            select lock_account(@accountId);
            with attempt as (
              select a.*,
                case
                  {TooLate}
                  when (select count(*) from login_ticket t where t.attempt_id = a.id and t.session_id = @sessionId)
                    >= 8 * (1 + a.extensions) then 'too_many_requests'
                end as refusal
              from login_attempt a where a.id = @attemptId and a.account_id = @accountId),
            shown as (
              insert into login_ticket (hash, typed_hash, attempt_id, session_id, created_at, expires_at)
              select @hash, @typedHash, id, @sessionId, statement_timestamp(),
                least(statement_timestamp() + @ticketLifetime * interval '1 s', expires_at)
              from attempt where refusal is null and @isConnected returning expires_at)
            select case when not @isConnected then 'no_live_connection' else coalesce(a.refusal, 'shown') end as outcome,
              ceil(extract(epoch from a.expires_at - statement_timestamp()))::int as attempt_expires_in,
              ceil(extract(epoch from shown.expires_at - statement_timestamp()))::int as expires_in,
              a.check_code, a.device_name, a.device_platform, host(a.address) as address
            from attempt a left join shown on true
            """;
        var arguments = new
        {
            accountId,
            sessionId,
            attemptId,
            hash = ticket?.Secret.Hash,
            typedHash = ticket?.TypedCode.Hash(attemptId),
            ticketLifetime = Ticket.Lifetime,
            isConnected = ticket is not null,
        };
        return database.LockAndActAsync<FreshCode>(sql, arguments);
    }

    /// <summary>Gives the attempt its whole time again, at most ten times; one that has nearly all of it is left as it is.</summary>
    /// <returns>Null when the account has no such attempt.</returns>
    public Task<Extension?> ExtendAsync(Guid attemptId, Guid accountId, Guid sessionId)
    {
        const string sql = $"""
            select lock_account(@accountId);
            with attempt as (
              select a.id, a.expires_at,
                case
                  {TooLate}
                  when a.expires_at > statement_timestamp() + @enough * interval '1 s' then 'kept'
                  when a.extensions >= 10 then 'too_many_requests'
                  else 'extended'
                end as outcome
              from login_attempt a where a.id = @attemptId and a.account_id = @accountId),
            extended as (
              update login_attempt a
              set expires_at = statement_timestamp() + @lifetime * interval '1 s', extensions = a.extensions + 1
              from attempt where a.id = attempt.id and attempt.outcome = 'extended')
            select outcome, ceil(extract(epoch from expires_at - statement_timestamp()))::int as expires_in from attempt
            """;
        var arguments = new { accountId, sessionId, attemptId, enough = Ticket.EnoughTime, lifetime = Ticket.AttemptLifetime };
        return database.LockAndActAsync<Extension>(sql, arguments);
    }

    /// <summary>Ends the attempt, or the session that it made, if it is not over; mutes its address in any case.</summary>
    /// <returns>declined, or one of <see cref="Declined"/>; null when the account has no such attempt.</returns>
    public Task<string?> DeclineAsync(Guid attemptId, Guid accountId)
    {
        const string sql = """
            select lock_account(@accountId);
            with attempt as (
              select id, session_id, redeemed_at is null and declined_at is null and superseded_at is null as is_open
              from login_attempt where id = @attemptId and account_id = @accountId),
            declined as (
              update login_attempt a set
                declined_at = case when attempt.is_open then statement_timestamp() else a.declined_at end,
                muted_at = case when not attempt.is_open then statement_timestamp() end
              from attempt where a.id = attempt.id),
            undone as (
              update session s set revoked_at = statement_timestamp(), revoked_reason = 'declined' from attempt
              where s.id = attempt.session_id and s.revoked_at is null and s.expires_at > statement_timestamp()
              returning s.id)
            select case when is_open then 'declined' when exists (select from undone) then 'undone' else 'over' end from attempt
            """;
        return database.LockAndActAsync<string>(sql, new { attemptId, accountId });
    }
}

/// <summary>What came of "not me".</summary>
internal static class Declined
{
    /// <summary>The session that the attempt had made was ended.</summary>
    public const string Undone = "undone";

    /// <summary>There was nothing left to end.</summary>
    public const string Over = "over";
}

/// <summary>What came of asking for more time.</summary>
internal sealed record Extension
{
    public const string Extended = "extended";
    public const string Kept = "kept";

    /// <summary>extended; kept: there was enough; too_many_requests; or why it is too late: the codes of 410.</summary>
    public required string Outcome { get; init; }

    /// <summary>What was left of the attempt before, whole seconds.</summary>
    public required int ExpiresIn { get; init; }
}

/// <summary>What came of asking for a fresh code.</summary>
internal sealed record FreshCode
{
    public const string Shown = "shown";

    /// <summary>shown; no_live_connection; too_many_requests; or why it is too late: the codes of 410.</summary>
    public required string Outcome { get; init; }

    /// <summary>Whole seconds, as the next.</summary>
    public required int AttemptExpiresIn { get; init; }

    /// <summary>Null unless shown.</summary>
    public int? ExpiresIn { get; init; }
    public required short CheckCode { get; init; }
    public string? DeviceName { get; init; }
    public string? DevicePlatform { get; init; }
    public required string Address { get; init; }

    public AttemptOnScreen OnScreen(Guid attemptId) => new(
        attemptId, AttemptExpiresIn, ExpiresIn!.Value, $"{CheckCode}", new AttemptDevice(DeviceName, DevicePlatform, Address));
}
