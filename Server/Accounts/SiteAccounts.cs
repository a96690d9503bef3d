using Dapper;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>
/// Accounts whose users sign in elsewhere, known by who vouches for them and what that issuer calls them (<c>db/013_site_accounts.sql</c>).
/// Safe for concurrent use.
/// </summary>
internal sealed class SiteAccounts(Database database)
{
    /// <summary>A hand-off's length in bytes.</summary>
    public const int HandoffLength = 32;

    /// <summary>In which the site's page has to use a hand-off, in seconds.</summary>
    public const int HandoffLifetime = 30;

    /// <summary>Makes the account, or gives it this name unless it is disabled.</summary>
    public Task<SiteAccount> OpenAsync(string issuer, string externalId, string displayName) => database.RunAsync(
        connection => connection.QuerySingleAsync<SiteAccount>(
            "select account_id as id, is_disabled, is_new from open_site_account(@issuer, @externalId, @displayName)",
            new { issuer, externalId, displayName }));

    /// <summary>The same for a client; and unless it is disabled, the one-time code with which the site's page gets a session.</summary>
    public Task<SiteAccount> OpenAsync(string client, Guid clientId, string externalId, string displayName, Secret handoff) =>
        database.RunAsync(connection => connection.QuerySingleAsync<SiteAccount>(
            """
            select account_id as id, is_disabled, is_new
            from open_site_account(@client, @externalId, @displayName, @clientId, @hash, @HandoffLifetime)
            """,
            new { client, clientId, externalId, displayName, handoff.Hash, HandoffLifetime }));

    /// <returns>Null where there is none.</returns>
    public Task<Guid?> FindAsync(string issuer, string externalId) => database.RunAsync(
        connection => connection.ExecuteScalarAsync<Guid?>(
            "select find_site_account(@issuer, @externalId)", new { issuer, externalId }));

    /// <summary>Disables it, which ends its sessions, or enables what its issuer has disabled.</summary>
    /// <returns>Whether it is so now: what an administrator has disabled stays disabled.</returns>
    public Task<bool> DisableAsync(Guid accountId, bool isDisabled) => database.RunAsync(
        connection => connection.ExecuteScalarAsync<bool>(
            "select disable_site_account(@accountId, @isDisabled)", new { accountId, isDisabled }));

    /// <summary>Deletes it with all that is its.</summary>
    /// <returns>False, where an administrator has disabled it: it would come back enabled.</returns>
    public Task<bool> EraseAsync(Guid accountId) => database.RunAsync(
        connection => connection.ExecuteScalarAsync<bool>("select erase_site_account(@accountId)", new { accountId }));

    /// <summary>Ends its live sessions, and the hand-offs that would make others.</summary>
    /// <param name="kind">Of this kind only; null: of both.</param>
    /// <returns>How many.</returns>
    public Task<int> EndSessionsAsync(Guid accountId, string? kind)
    {
        const string sql = "select lock_account(@accountId); select end_account_sessions(@accountId, 'signed_out', @kind)";
        return database.LockAndActAsync<int>(sql, new { accountId, kind });
    }

    /// <summary>Whom an issuer has just named.</summary>
    public static SignInProof ById(Guid accountId) => new(
        "select @accountId as account_id",
        "select id as account_id from account where id = @accountId and disabled_at is null",
        new { accountId });

    /// <summary>Who brings a hand-off that still serves.</summary>
    public static SignInProof ByHandoff(Secret code)
    {
        const string proof = """
            update handoff h set used_at = statement_timestamp() from account a, client c
            where h.hash = @hash and h.used_at is null and h.expires_at > statement_timestamp()
              and a.id = h.account_id and a.disabled_at is null
              and c.id = h.client_id and c.disabled_at is null and 'sessions' = any(c.scopes)
            returning h.account_id
            """;
        return new SignInProof("select account_id from handoff where hash = @hash", proof, new { hash = code.Hash });
    }
}

/// <param name="IsNew">It has just been made.</param>
internal sealed record SiteAccount(Guid Id, bool IsDisabled, bool IsNew);
