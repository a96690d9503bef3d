using Dapper;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>
/// Accounts whose users sign in elsewhere, known by who vouches for them and what that issuer calls them (<c>db/013_site_accounts.sql</c>).
/// Safe for concurrent use.
/// </summary>
internal sealed class SiteAccounts(Database database)
{
    /// <summary>Makes the account, or gives it this name.</summary>
    public Task<SiteAccount> OpenAsync(string issuer, string externalId, string displayName) => database.RunAsync(
        connection => connection.QuerySingleAsync<SiteAccount>(
            "select account_id as id, is_disabled from open_site_account(@issuer, @externalId, @displayName)",
            new { issuer, externalId, displayName }));

    /// <returns>Null where there is none.</returns>
    public Task<Guid?> FindAsync(string issuer, string externalId) => database.RunAsync(
        connection => connection.ExecuteScalarAsync<Guid?>(
            "select find_site_account(@issuer, @externalId)", new { issuer, externalId }));

    /// <summary>Disables it, which ends its sessions, or enables what its issuer has disabled.</summary>
    public Task DisableAsync(Guid accountId, bool isDisabled) => database.RunAsync(
        connection => connection.ExecuteAsync("select disable_site_account(@accountId, @isDisabled)", new { accountId, isDisabled }));

    /// <summary>Deletes it with all that is its.</summary>
    public Task EraseAsync(Guid accountId) => database.RunAsync(
        connection => connection.ExecuteAsync("select erase_site_account(@accountId)", new { accountId }));

    /// <summary>Ends its live sessions.</summary>
    /// <param name="kind">Of this kind only; null: of both.</param>
    /// <returns>How many.</returns>
    public Task<int> EndSessionsAsync(Guid accountId, string? kind)
    {
        const string sql = """
            select lock_account(@accountId);
            with ended as (
              update session set revoked_at = statement_timestamp(), revoked_reason = 'signed_out'
              where account_id = @accountId and (@kind is null or kind = @kind)
                and revoked_at is null and expires_at > statement_timestamp()
              returning id)
            select count(*)::int from ended
            """;
        return database.LockAndActAsync<int>(sql, new { accountId, kind });
    }
}

internal sealed record SiteAccount(Guid Id, bool IsDisabled);
