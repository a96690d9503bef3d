using System.Net;
using Dapper;
using Microsoft.Extensions.Options;
using QrLogin.Server.Bindings;
using QrLogin.Server.Http;
using QrLogin.Server.Present;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Identify;

/// <summary>Opens attempts in PostgreSQL. Safe for concurrent use, on any number of nodes: the account's row is locked first.</summary>
internal sealed class AttemptStore(Database database, IOptions<LimitOptions> limits)
{
    /// <summary>
    /// Decides, in one round trip, whether the phone's attempt opens, and if so supersedes the open one and stores the tickets. An
    /// account of null finds nothing in the same time: where nothing was written, the commit of the lock on the row waits for no disk.
    /// </summary>
    public async Task<IdentifyOutcome> OpenAsync(Guid attemptId, Guid? accountId, PhoneRequest phone, Ticket[] tickets)
    {
        const string sql = """
            select lock_account(@accountId);
            with bound as (
              select count(*) > 0 as any, coalesce(bool_or(kind = 'app'), false) as app
              from binding where account_id = @accountId and key = any(@identifiers)),
            screen as (
              select s.id from session s join account a on a.id = s.account_id
              where s.id = any(@sessions) and s.account_id = @accountId and a.disabled_at is null
                and s.kind = 'web' and s.revoked_at is null and s.expires_at > statement_timestamp()),
            unended as (
              select * from login_attempt
              where account_id = @accountId and redeemed_at is null and declined_at is null and superseded_at is null),
            earlier as (
              select count(*) filter (where t.created_at > statement_timestamp() - interval '1 min') as in_minute,
                count(*) as in_hour,
                min(t.created_at) filter (where t.created_at > statement_timestamp() - interval '1 min') + interval '1 min' as minute_over,
                min(t.created_at) + interval '1 h' as hour_over
              from login_attempt t, bound
              where t.account_id = @accountId and t.has_app = bound.app and t.created_at > statement_timestamp() - interval '1 h'),
            verdict as materialized (
              select case
                when not bound.any or not exists (select from screen) then 'nobody'
                when u.is_live and u.code_challenge = @challenge then 'repeated'
                when u.is_live and u.has_app and not bound.app then 'nobody'
                when exists (select from login_attempt t
                  where t.account_id = @accountId and t.address <<= @network::inet and (t.has_app or not bound.app)
                    and coalesce(t.muted_at, t.declined_at) > statement_timestamp() - @muteMinutes * interval '1 min') then 'nobody'
                when in_minute >= @perMinute or in_hour >= @perHour then 'limited'
                else 'opened' end as word,
                bound.app as has_app, u.id as unended_id, u.is_live, u.check_code, u.expires_at,
                case when in_hour >= @perHour then hour_over else minute_over end as limit_over
              from bound cross join earlier left join (
                select *, expires_at > statement_timestamp() as is_live from unended) u on true),
            superseded as (
              update login_attempt t set superseded_at = statement_timestamp() from verdict v
              where v.word = 'opened' and t.id = v.unended_id returning t.id),
            opened as (
              insert into login_attempt (id, account_id, identifiers, has_app, code_challenge, device_name, device_platform, address,
                check_code, created_at, expires_at)
              select @id, @accountId, @identifiers, v.has_app, @challenge, @name, @platform, @address::inet,
                case when v.check_code = @checkCodes[1] then @checkCodes[2] else @checkCodes[1] end,
                statement_timestamp(), statement_timestamp() + @attemptLifetime * interval '1 s'
              from verdict v cross join (select count(*) from superseded) as after_superseding
              where v.word = 'opened' returning id, check_code, expires_at),
            ticket as (
              insert into login_ticket (hash, typed_hash, attempt_id, session_id, created_at, expires_at)
              select t.hash, t.typed_hash, o.id, screen.id, statement_timestamp(),
                statement_timestamp() + @ticketLifetime * interval '1 s'
              from opened o cross join unnest(@hashes, @typedHashes, @sessions) as t(hash, typed_hash, session_id)
              join screen on screen.id = t.session_id
              returning session_id)
            select v.word as verdict, coalesce(o.id, v.unended_id) as id, coalesce(o.check_code, v.check_code) as check_code,
              ceil(extract(epoch from coalesce(o.expires_at, v.expires_at) - statement_timestamp()))::int as expires_in,
              greatest(1, ceil(extract(epoch from v.limit_over - statement_timestamp())))::int as retry_after,
              case when o.id is not null and v.is_live then v.unended_id end as superseded_id,
              case when v.word <> 'opened' then set_config('synchronous_commit', 'off', true) end as unwaited,
              array(select session_id from ticket) as sessions
            from verdict v left join opened o on true
            """;
        var arguments = new
        {
            accountId,
            id = attemptId,
            identifiers = phone.Identifiers.Select(each => each.Key).ToArray(),
            challenge = phone.CodeChallenge,
            phone.Device.Name,
            phone.Device.Platform,
            address = phone.Address.ToString(),
            network = ClientAddress.Network(phone.Address),
            ticketLifetime = Ticket.Lifetime,
            attemptLifetime = Ticket.AttemptLifetime,
            muteMinutes = limits.Value.MuteMinutes,
            perMinute = limits.Value.AttemptsPerMinute,
            perHour = limits.Value.AttemptsPerHour,
            checkCodes = TwoCheckCodes(),
            hashes = Array.ConvertAll(tickets, each => each.Secret.Hash),
            typedHashes = Array.ConvertAll(tickets, each => each.TypedCode.Hash(attemptId)),
            sessions = Array.ConvertAll(tickets, each => each.SessionId),
        };
        return (await database.LockAndActAsync<IdentifyOutcome>(sql, arguments))!;
    }

    /// <summary>How the attempt of this challenge stands.</summary>
    /// <returns>Null where there is none.</returns>
    public Task<AttemptStatus?> StatusAsync(Guid attemptId, byte[] challenge)
    {
        const string sql = """
            select case
                when redeemed_at is not null then 'already_redeemed'
                when declined_at is not null then 'declined'
                when superseded_at is not null then 'superseded'
                when expires_at <= now() then 'attempt_expired'
                else 'open' end as outcome,
              ceil(extract(epoch from expires_at - now()))::int as expires_in
            from login_attempt where id = @attemptId and code_challenge = @challenge
            """;
        return database.RunAsync(connection =>
            connection.QuerySingleOrDefaultAsync<AttemptStatus>(sql, new { attemptId, challenge }));
    }

    /// <summary>Two different ones of 10 to 99: the second serves where the first is that of the attempt superseded.</summary>
    private static short[] TwoCheckCodes()
    {
        var first = Secret.RandomInteger(10, 100);
        var second = 10 + ((first - 10 + Secret.RandomInteger(1, 90)) % 90);
        return [(short)first, (short)second];
    }
}

/// <param name="CodeChallenge">RFC 7636 S256, 32 bytes.</param>
internal sealed record PhoneRequest(Identifier[] Identifiers, byte[] CodeChallenge, Device Device, IPAddress Address);

/// <summary>How an attempt stands.</summary>
internal sealed record AttemptStatus
{
    public const string Open = "open";

    /// <summary>open; or why it is over: the codes of 410.</summary>
    public required string Outcome { get; init; }

    /// <summary>Whole seconds.</summary>
    public required int ExpiresIn { get; init; }
}

/// <summary>What came of an identify.</summary>
internal sealed record IdentifyOutcome
{
    public const string Opened = "opened";
    public const string Repeated = "repeated";
    public const string Limited = "limited";

    /// <summary>opened; repeated: it is the open attempt of this very challenge; limited: too many; else nobody is there.</summary>
    public required string Verdict { get; init; }

    /// <summary>Null unless opened or repeated, as the next two.</summary>
    public Guid? Id { get; init; }
    public short? CheckCode { get; init; }
    public int? ExpiresIn { get; init; }

    /// <summary>Seconds until the limit is over; only where limited.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The attempt that had been open until now.</summary>
    public Guid? SupersededId { get; init; }

    /// <summary>The PC sessions whose tickets were stored.</summary>
    public required Guid[] Sessions { get; init; }
}
