using System.Net;
using Dapper;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>Accounts, as far as sign-in needs them. Safe for concurrent use.</summary>
internal sealed class AccountStore(Database database, IOptions<LimitOptions> limits)
{
    /// <summary>Notes a try to sign in, unless there have been too many, and finds what it has to be checked against.</summary>
    /// <param name="username">In any case; of nobody, it is counted all the same.</param>
    public async Task<SignInTry> BeginAsync(string username, IPAddress address)
    {
        const string sql = """
            select pg_advisory_xact_lock(hashtextextended(lower(@username), 0));
            with recent as (
              select count(*) filter (where network = @network::inet) >= @perAddress as is_full_here, count(*) >= @perAccount as is_full,
                min(at) filter (where network = @network::inet) as first_here, min(at) as first
              from sign_in_try where username = lower(@username) and at > statement_timestamp() - interval '1 min'),
            noted as (
              insert into sign_in_try (id, username, network)
              select @id, lower(@username), @network::inet from recent where not is_full_here and not is_full)
            select @id as id, secret.account_id, secret.password_hash,
              case when is_full_here or is_full then greatest(1, ceil(extract(epoch from
                interval '1 min' + case when is_full then first else first_here end - statement_timestamp())))::int end as retry_after
            from recent left join sign_in_secret(@username) as secret on true
            """;
        var arguments = new
        {
            id = Guid.CreateVersion7(),
            username,
            network = ClientAddress.Network(address),
            perAddress = limits.Value.SignInFailuresPerMinute,
            perAccount = limits.Value.AccountSignInFailuresPerMinute,
        };
        return (await database.LockAndActAsync<SignInTry>(sql, arguments))!;
    }

    /// <summary>Takes a try back: it was none.</summary>
    public Task ForgetAsync(Guid id) => database.RunAsync(connection => connection.ExecuteAsync(
        "delete from sign_in_try where id = @id", new { id }));

    /// <summary>
    /// Makes a web session of 12 h and ends the one that it replaces, whosever it was; null when the password has been changed since it
    /// was checked. The try that was right is taken back.
    /// </summary>
    public Task<Session?> SignInAsync(
        string username, SignInTry password, Secret token, Secret? replaced, Device device, IPAddress address)
    {
        const string sql = """
            select lock_account(id) from (
              select @accountId as id union select account_id from session where token_hash = @replacedHash order by id) as accounts;
            with made as (
              insert into session (id, account_id, kind, token_hash, device_name, device_platform, address,
                created_at, last_seen_at, expires_at)
              select @id, account_id, 'web', @tokenHash, @name, @platform, @address::inet,
                statement_timestamp(), statement_timestamp(), statement_timestamp() + interval '12 h'
              from sign_in_secret(@username) where account_id = @accountId and password_hash = @passwordHash
              returning id, kind, account_id, expires_at),
            forgotten as (
              delete from sign_in_try where id = @tryId and exists (select from made)),
            replaced as (
              update session set revoked_at = statement_timestamp(), revoked_reason = 'replaced'
              where token_hash = @replacedHash and kind = 'web' and revoked_at is null and exists (select from made))
            select m.id, m.kind, m.account_id, a.username, a.display_name,
              extract(epoch from m.expires_at - statement_timestamp())::int as expires_in
            from made m join account a on a.id = m.account_id
            """;
        var arguments = new
        {
            id = Guid.CreateVersion7(),
            username,
            tryId = password.Id,
            password.AccountId,
            password.PasswordHash,
            tokenHash = token.Hash,
            replacedHash = replaced?.Hash,
            device.Name,
            device.Platform,
            address = address.ToString(),
        };
        return database.LockAndActAsync<Session>(sql, arguments);
    }
}

/// <summary>Somebody tries to sign in.</summary>
internal sealed record SignInTry
{
    public required Guid Id { get; init; }

    /// <summary>Null, as the next, where there is no such account or it is disabled.</summary>
    public Guid? AccountId { get; init; }

    /// <summary>bcrypt.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>In seconds, where there have been too many: then this one counts for nothing and may not be checked.</summary>
    public int? RetryAfter { get; init; }

    public override string ToString() => $"{nameof(SignInTry)} of {AccountId}";
}
