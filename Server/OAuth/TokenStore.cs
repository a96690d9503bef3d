using Dapper;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.OAuth;

/// <summary>What a service may know of a phone's session. Safe for concurrent use.</summary>
internal sealed class TokenStore(Database database)
{
    /// <param name="clientName">Who asks: the user's id there is only for the client that made the account.</param>
    /// <returns>Null where the session has ended meanwhile.</returns>
    public Task<TokenRow?> DescribeAsync(Session session, string clientName)
    {
        const string sql = """
            select extract(epoch from s.created_at)::bigint as issued_at, extract(epoch from s.expires_at)::bigint as expires_at,
              case when a.issuer = @clientName then a.external_id end as external_id
            from session s join account a on a.id = s.account_id
            where s.id = @Id and s.revoked_at is null
            """;
        return database.RunAsync(connection => connection.QuerySingleOrDefaultAsync<TokenRow>(sql, new { session.Id, clientName }));
    }
}

/// <summary>A token's times, in seconds since 1970 as PostgreSQL's clock has them.</summary>
internal sealed record TokenRow
{
    public required long IssuedAt { get; init; }
    public required long ExpiresAt { get; init; }
    public string? ExternalId { get; init; }
}
