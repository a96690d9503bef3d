using System.Net;
using Dapper;
using QrLogin.Server.Bindings;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Redeem;

/// <summary>
/// Turns a ticket or a typed code into a session, in one round trip: the account's row is locked, then one statement that sees a fresh
/// snapshot checks and acts. Whatever the concurrency, an attempt makes at most one session. Safe for concurrent use.
/// </summary>
internal sealed class RedemptionStore(Database database)
{
    private const string Scanned = $"""
        select lock_account(a.account_id) from login_ticket t join login_attempt a on a.id = t.attempt_id where t.hash = @hash;
        with shown as (
          select hash, attempt_id, session_id, warned_at, expires_at, 'ticket_expired' as expiry from login_ticket where hash = @hash),
        {Redeem}
        """;

    /// <summary>
    /// A typed code belongs to all tickets of its session; the newest stands for them. Only the attempt's own phone can try it to death:
    /// to any other, who may know the attempt's id, nothing is counted.
    /// </summary>
    private const string Typed = $"""
        select lock_account(account_id) from login_attempt where id = @attemptId;
        with shown as (
          select t.hash, t.attempt_id, t.session_id, t.warned_at, a.expires_at, 'attempt_expired' as expiry
          from login_attempt a join login_ticket t on t.attempt_id = a.id
          where a.id = @attemptId and a.wrong_codes < 5 and t.typed_hash = @hash order by t.created_at desc limit 1),
        counted as (
          update login_attempt set wrong_codes = wrong_codes + 1
          where id = @attemptId and code_challenge = @challenge and wrong_codes < 5 and not exists (select from shown)),
        {Redeem}
        """;

    private const string Redeem = """
        seen as materialized (
          select a.id as attempt_id, a.account_id, a.device_name, a.device_platform, a.token_salt, a.redeemed_at,
            s.hash, s.session_id as pc_session_id, s.warned_at, a.session_id as made_id, c.username, c.display_name, c.disabled_at,
            a.code_challenge = @challenge as is_proved,
            @identifiers <@ a.identifiers as is_named,
            exists (select from binding b where b.account_id = a.account_id and b.key = any(@identifiers)) as is_bound,
            case
              when a.redeemed_at is not null then 'already_redeemed'
              when a.declined_at is not null then 'declined'
              when a.superseded_at is not null then 'superseded'
              when pc.revoked_at is not null or pc.expires_at <= statement_timestamp() or c.disabled_at is not null
                then 'session_ended'
              when least(s.expires_at, a.expires_at) <= statement_timestamp() then s.expiry
            end as gone
          from shown s join login_attempt a on a.id = s.attempt_id
          join account c on c.id = a.account_id join session pc on pc.id = s.session_id),
        made as (
          insert into session (id, account_id, kind, token_hash, parent_id, device_name, device_platform, address,
            created_at, last_seen_at, expires_at)
          select @sessionId, account_id, 'mobile', @tokenHash, pc_session_id, device_name, device_platform, @address::inet,
            statement_timestamp(), statement_timestamp(), statement_timestamp() + interval '30 d'
          from seen where is_proved and is_named and is_bound and gone is null returning id, expires_at),
        taken as (
          update login_attempt a set redeemed_at = statement_timestamp(), session_id = made.id, token_salt = @newSalt
          from seen cross join made where a.id = seen.attempt_id),
        warned as (
          update login_ticket t set warned_at = statement_timestamp() from seen
          where t.hash = seen.hash and not seen.is_proved and seen.gone is null and seen.warned_at is null returning t.hash)
        select
          case
            when made.id is not null then 'granted'
            when not seen.is_proved then case when exists (select from warned) then 'warned' else 'invalid_ticket' end
            when earlier.id is not null then 'repeated'
            else coalesce(seen.gone, 'invalid_ticket')
          end as outcome,
          seen.attempt_id, seen.account_id, seen.username, seen.display_name, seen.pc_session_id,
          seen.device_name, seen.device_platform,
          coalesce(made.id, earlier.id) as session_id, case when earlier.id is not null then seen.token_salt end as salt,
          ceil(extract(epoch from coalesce(made.expires_at, earlier.expires_at) - statement_timestamp()))::int as expires_in
        from seen left join made on true left join session earlier on earlier.id = seen.made_id
          and seen.is_proved and seen.is_named and seen.redeemed_at > statement_timestamp() - interval '60 s'
          and earlier.revoked_at is null and earlier.expires_at > statement_timestamp() and seen.disabled_at is null
        """;

    /// <param name="sessionId">Of the session that it may make.</param>
    public Task<Redemption?> RedeemAsync(
        Guid sessionId, SeenCode code, string verifier, Identifier[] identifiers, byte[] newSalt, IPAddress address)
    {
        var arguments = new
        {
            code.Hash,
            code.AttemptId,
            challenge = Secret.Challenge(verifier),
            identifiers = identifiers.Select(each => each.Key).ToArray(),
            sessionId,
            newSalt,
            tokenHash = Secret.Derive(newSalt, verifier).Hash,
            address = address.ToString(),
        };
        return database.LockAndActAsync<Redemption>(code.AttemptId is null ? Scanned : Typed, arguments);
    }

    /// <summary>Those of these sessions that a redeem has made.</summary>
    public async Task<Redemption[]> FindMadeAsync(Guid[] sessionIds)
    {
        const string sql = """
            select 'granted' as outcome, a.id as attempt_id, a.account_id, c.username, c.display_name, s.parent_id as pc_session_id,
              a.device_name, a.device_platform, s.id as session_id
            from login_attempt a join session s on s.id = a.session_id join account c on c.id = a.account_id
            where a.session_id = any(@sessionIds)
            """;
        return [.. await database.RunAsync(connection => connection.QueryAsync<Redemption>(sql, new { sessionIds }))];
    }
}

/// <summary>What came of a redeem whose code is known.</summary>
internal sealed record Redemption
{
    public const string Granted = "granted";
    public const string Repeated = "repeated";
    public const string Warned = "warned";

    /// <summary>
    /// granted; repeated: the same phone again within 60 s; warned: the first wrong verifier for this ticket; invalid_ticket; or to the
    /// phone that proved itself, why it is too late: already_redeemed, declined, superseded, session_ended, ticket_expired or, where the
    /// code was typed, attempt_expired.
    /// </summary>
    public required string Outcome { get; init; }
    public required Guid AttemptId { get; init; }
    public required Guid AccountId { get; init; }
    public required string Username { get; init; }
    public required string DisplayName { get; init; }

    /// <summary>The PC session that the code stands for.</summary>
    public required Guid PcSessionId { get; init; }
    public string? DeviceName { get; init; }
    public string? DevicePlatform { get; init; }

    public Device Device => new(DeviceName, DevicePlatform);

    /// <summary>The phone's session, where granted or repeated; whole seconds until it ends.</summary>
    public Guid? SessionId { get; init; }
    public int? ExpiresIn { get; init; }

    /// <summary>Where repeated: the salt that the token was made with.</summary>
    public byte[]? Salt { get; init; }
}
