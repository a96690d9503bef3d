using Dapper;
using QrLogin.Server.Bindings;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Connect;

/// <summary>What live connections depend on, for many at once, in one round trip. Safe for concurrent use.</summary>
internal sealed class LiveStateStore(Database database)
{
    public Task<LiveState> ReadAsync(Guid[] accountIds, Guid[] sessionIds)
    {
        const string sql = """
            select s.id, ceil(extract(epoch from s.expires_at - now()))::int as expires_in
            from session s join account a on a.id = s.account_id
            where s.id = any(@sessionIds) and s.revoked_at is null and s.expires_at > now() and a.disabled_at is null;

            select account_id, kind, value from binding where account_id = any(@accountIds) order by created_at, key
            """;
        return database.RunAsync(async connection =>
        {
            await using var results = await connection.QueryMultipleAsync(
                sql, new { accountIds, sessionIds });
            var sessions = await results.ReadAsync<(Guid Id, int ExpiresIn)>();
            var identifiers = await results.ReadAsync<(Guid AccountId, string Kind, string Value)>();
            return new LiveState(
                sessions.ToDictionary(each => each.Id, each => each.ExpiresIn),
                identifiers.ToLookup(each => each.AccountId, each => Identifier.Stored(each.Kind, each.Value)));
        });
    }
}

/// <param name="Sessions">Those of the sessions asked for that are alive, and in how many seconds they expire.</param>
/// <param name="Identifiers">By account.</param>
internal sealed record LiveState(Dictionary<Guid, int> Sessions, ILookup<Guid, Identifier> Identifiers);
