using Dapper;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Sessions;

/// <summary>Sessions of both kinds in PostgreSQL. Safe for concurrent use.</summary>
internal sealed class SessionStore(Database database)
{
    /// <summary>A token's length in bytes.</summary>
    public const int TokenLength = 32;

    /// <summary>The live session of a token, or null; notes that it was seen, at most once a minute, if there is space to write.</summary>
    public async Task<Session?> FindAsync(Secret token, string kind)
    {
        try
        {
            return await FindAsync(token, kind, isNoted: true);
        }
        catch (DatabaseUnavailableException e) when (e.IsFull)
        {
            return await FindAsync(token, kind, isNoted: false);
        }
    }

    private Task<Session?> FindAsync(Secret token, string kind, bool isNoted)
    {
        const string sql = """
            with seen as (
              update session set last_seen_at = now(),
                expires_at = case kind when 'mobile' then least(created_at + interval '90 d', now() + interval '30 d') else expires_at end
              where @isNoted and token_hash = @hash and kind = @kind and revoked_at is null and expires_at > now()
                and last_seen_at < now() - interval '1 min'
              returning id, expires_at)
            select s.id, s.kind, s.account_id, a.username, a.display_name,
              ceil(extract(epoch from coalesce(seen.expires_at, s.expires_at) - now()))::int as expires_in
            from session s join account a on a.id = s.account_id left join seen on seen.id = s.id
            where s.token_hash = @hash and s.kind = @kind and s.revoked_at is null and s.expires_at > now() and a.disabled_at is null
            """;
        return database.RunAsync(connection => connection.QuerySingleOrDefaultAsync<Session>(
            sql, new { hash = token.Hash, kind, isNoted }));
    }

    /// <summary>The account's live sessions, newest first.</summary>
    public async Task<SessionRow[]> ListAsync(Guid accountId)
    {
        const string sql = """
            select id, kind, parent_id, device_name, device_platform, host(address) as address, created_at, last_seen_at,
              ceil(extract(epoch from expires_at - now()))::int as expires_in
            from session where account_id = @accountId and revoked_at is null and expires_at > now()
            order by created_at desc, id desc
            """;
        return [.. await database.RunAsync(connection => connection.QueryAsync<SessionRow>(
            sql, new { accountId }))];
    }

    /// <summary>Ends the caller's own session because its user signed out.</summary>
    public Task SignOutAsync(Session session) => EndAsync(session.AccountId, session.Id, "signed_out", admittedToo: false);

    /// <summary>Ends a session of the account; with <paramref name="admittedToo"/> every phone session that it admitted as well.</summary>
    /// <returns>
    /// False when there is nothing to end: the account has no such session, or it has ended. With <paramref name="admittedToo"/> an ended
    /// one will do.
    /// </returns>
    public Task<bool> EndAsync(Guid accountId, Guid id, string reason, bool admittedToo)
    {
        const string sql = """
            select lock_account(@accountId);
            with target as (
              select id, revoked_at is null and expires_at > statement_timestamp() as is_live
              from session where id = @id and account_id = @accountId),
            ended as (
              update session s set revoked_at = statement_timestamp(), revoked_reason = @reason from target
              where (s.id = target.id or (@admittedToo and s.parent_id = target.id))
                and s.revoked_at is null and s.expires_at > statement_timestamp())
            select exists (select from target where is_live or @admittedToo)
            """;
        return database.LockAndActAsync<bool>(sql, new { accountId, id, reason, admittedToo });
    }
}

/// <summary>A live session in the list.</summary>
internal sealed record SessionRow
{
    public required Guid Id { get; init; }
    public required string Kind { get; init; }
    public Guid? ParentId { get; init; }
    public string? DeviceName { get; init; }
    public string? DevicePlatform { get; init; }
    public required string Address { get; init; }
    public required DateTime CreatedAt { get; init; }
    public required DateTime LastSeenAt { get; init; }
    public required int ExpiresIn { get; init; }
}
