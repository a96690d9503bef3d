using System.Net;
using Dapper;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>Accounts, as far as sign-in needs them. Safe for concurrent use.</summary>
internal sealed class AccountStore(Database database)
{
    /// <summary>The account and bcrypt hash of a user name in any case; null where there is none or it is disabled.</summary>
    public Task<StoredPassword?> FindAsync(string username)
    {
        const string sql = "select account_id, password_hash from sign_in_secret(@username)";
        return database.RunAsync(connection => connection.QuerySingleOrDefaultAsync<StoredPassword>(
            sql, new { username }));
    }

    /// <summary>
    /// Makes a web session of 12 h and ends the one that it replaces, whosever it was; null when the password has been changed since it
    /// was checked.
    /// </summary>
    public Task<Session?> SignInAsync(
        string username, StoredPassword password, Secret token, Secret? replaced, Device device, IPAddress address)
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

/// <summary>An enabled account and the bcrypt hash of its password.</summary>
internal sealed record StoredPassword
{
    public required Guid AccountId { get; init; }
    public required string PasswordHash { get; init; }

    public override string ToString() => $"{nameof(StoredPassword)} of {AccountId}";
}
