using System.Net;
using Dapper;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>Accounts, as far as sign-in needs them. Safe for concurrent use.</summary>
internal sealed class AccountStore(Database database)
{
    /// <summary>The account and bcrypt hash of a user name in any case; null where there is none or it is disabled.</summary>
    public Task<SignInSecret?> FindAsync(string username)
    {
        const string sql = "select account_id, password_hash from sign_in_secret(@username)";
        return database.RunAsync((connection, cancellation) => connection.QuerySingleOrDefaultAsync<SignInSecret>(
            new CommandDefinition(sql, new { username }, cancellationToken: cancellation)));
    }

    /// <summary>
    /// Makes a web session of 12 h and ends the one that it replaces; null when the password has been changed since it was checked.
    /// </summary>
    public Task<Session?> SignInAsync(string username, SignInSecret secret, Secret token, Secret? replaced, Device device, IPAddress address)
    {
        const string sql = """
            select lock_account(@accountId);
            with made as (
              insert into session (id, account_id, kind, token_hash, device_name, device_platform, address, expires_at)
              select @id, account_id, 'web', @tokenHash, @name, @platform, @address::inet, now() + interval '12 h'
              from sign_in_secret(@username) where account_id = @accountId and password_hash = @passwordHash
              returning id, kind, account_id, expires_at),
            replaced as (
              update session set revoked_at = now(), revoked_reason = 'replaced'
              where token_hash = @replacedHash and kind = 'web' and revoked_at is null and exists (select from made))
            select m.id, m.kind, m.account_id, a.username, a.display_name, extract(epoch from m.expires_at - now())::int as expires_in
            from made m join account a on a.id = m.account_id
            """;
        var arguments = new
        {
            id = Guid.CreateVersion7(),
            username,
            secret.AccountId,
            secret.PasswordHash,
            tokenHash = token.Hash,
            replacedHash = replaced?.Hash,
            device.Name,
            device.Platform,
            address = address.ToString(),
        };
        return database.RunAsync(async (connection, cancellation) =>
        {
            await using var results = await connection.QueryMultipleAsync(new CommandDefinition(sql, arguments, cancellationToken: cancellation));
            await results.ReadAsync();
            return await results.ReadSingleOrDefaultAsync<Session>();
        });
    }
}

internal sealed record SignInSecret
{
    public required Guid AccountId { get; init; }
    public required string PasswordHash { get; init; }
}
