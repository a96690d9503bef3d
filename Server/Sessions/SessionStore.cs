using Dapper;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Sessions;

/// <summary>Sessions of both kinds in PostgreSQL. Safe for concurrent use.</summary>
internal sealed class SessionStore(Database database)
{
    /// <summary>A token's length in bytes.</summary>
    public const int TokenLength = 32;

    /// <summary>The live session of a token, or null; notes that it was seen, at most once a minute.</summary>
    public Task<Session?> FindAsync(Secret token, string kind)
    {
        const string sql = """
            with seen as (
              update session set last_seen_at = now(),
                expires_at = case kind when 'mobile' then least(created_at + interval '90 d', now() + interval '30 d') else expires_at end
              where token_hash = @hash and kind = @kind and revoked_at is null and expires_at > now()
                and last_seen_at < now() - interval '1 min'
              returning id, expires_at)
            select s.id, s.kind, s.account_id, a.username, a.display_name,
              ceil(extract(epoch from coalesce(seen.expires_at, s.expires_at) - now()))::int as expires_in
            from session s join account a on a.id = s.account_id left join seen on seen.id = s.id
            where s.token_hash = @hash and s.kind = @kind and s.revoked_at is null and s.expires_at > now() and a.disabled_at is null
            """;
        return database.RunAsync((connection, cancellation) => connection.QuerySingleOrDefaultAsync<Session>(
            new CommandDefinition(sql, new { hash = token.Hash, kind }, cancellationToken: cancellation)));
    }

    /// <summary>Ends a session because its user signed out.</summary>
    public Task SignOutAsync(Session session)
    {
        const string sql = """
            select lock_account(@accountId);
            update session set revoked_at = now(), revoked_reason = 'signed_out'
            where id = @id and account_id = @accountId and revoked_at is null
            """;
        return database.RunAsync((connection, cancellation) => connection.ExecuteAsync(
            new CommandDefinition(sql, new { session.Id, session.AccountId }, cancellationToken: cancellation)));
    }
}
