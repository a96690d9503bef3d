using Dapper;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>One-time codes with which a site's page gets the session that the site's backend has opened. Safe for concurrent use.</summary>
internal sealed class HandoffStore(Database database)
{
    /// <summary>A code's length in bytes.</summary>
    public const int CodeLength = 32;

    /// <summary>In which the page has to use it, in seconds.</summary>
    public const int Lifetime = 30;

    public Task MakeAsync(Secret code, Guid accountId, Guid clientId) => database.RunAsync(connection => connection.ExecuteAsync(
        """
        insert into handoff (hash, account_id, client_id, expires_at)
        values (@hash, @accountId, @clientId, now() + @Lifetime * interval '1 s')
        """, new { code.Hash, accountId, clientId, Lifetime }));
}
