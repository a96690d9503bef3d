using Dapper;
using QrLogin.Server.Bindings;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Connect;

/// <summary>What a page has to know when it connects, in one round trip. Safe for concurrent use.</summary>
internal sealed class WelcomeStore(Database database)
{
    /// <param name="sessionKey">Of the session: its typed codes are made of it.</param>
    public Task<WelcomeState> ReadAsync(Session session, Secret sessionKey)
    {
        const string sql = """
            select exists (select from session s join account a on a.id = s.account_id
              where s.id = @sessionId and s.revoked_at is null and s.expires_at > now() and a.disabled_at is null);

            select kind, value from binding where account_id = @accountId order by created_at, key;

            select id, ceil(extract(epoch from expires_at - now()))::int as seconds, check_code,
              device_name, device_platform, host(address) as address,
              (select count(*) from login_ticket t where t.attempt_id = a.id and t.session_id = @sessionId)
                >= 8 * (1 + a.extensions) as is_spent
            from login_attempt a
            where account_id = @accountId and redeemed_at is null and declined_at is null and superseded_at is null and expires_at > now();

            select id, session_id, redeemed_at, device_name, device_platform, host(address) as address
            from login_attempt
            where account_id = @accountId and redeemed_at > now() - interval '10 min' order by redeemed_at desc
            """;
        return database.RunAsync(async connection =>
        {
            await using var results = await connection.QueryMultipleAsync(
                sql, new { session.AccountId, sessionId = session.Id });
            var isAlive = await results.ReadSingleAsync<bool>();
            var identifiers = await results.ReadAsync<(string Kind, string Value)>();
            var open = await results.ReadAsync<AttemptRow>();
            var recent = await results.ReadAsync<AttemptRow>();
            return new WelcomeState(
                isAlive,
                [.. identifiers.Select(each => Identifier.Stored(each.Kind, each.Value))],
                [.. open.Select(each => each.Open(sessionKey))],
                [.. recent.Select(each => new RecentAttempt(each.Id, each.Session, each.Device, each.RedeemedAt))]);
        });
    }

    private sealed record AttemptRow
    {
        public required Guid Id { get; init; }
        public required string Address { get; init; }
        public string? DeviceName { get; init; }
        public string? DevicePlatform { get; init; }
        public int Seconds { get; init; }
        public short CheckCode { get; init; }
        public Guid SessionId { get; init; }
        public DateTime RedeemedAt { get; init; }
        public bool IsSpent { get; init; }

        public AttemptDevice Device => new(DeviceName, DevicePlatform, Address);

        public OpenAttempt Open(Secret sessionKey) =>
            new(Id, Seconds, $"{CheckCode}", Device, IsSpent ? TypedCode.For(Id, sessionKey).Text : null);

        public AdmittedSession Session => new(SessionId, new Device(DeviceName, DevicePlatform));
    }
}

/// <param name="IsAlive">Whether the session still is.</param>
/// <param name="Identifiers">Those that find the account.</param>
/// <param name="OpenAttempts">Those that a fresh code can be asked for.</param>
/// <param name="Recent">Those redeemed in the last ten minutes, newest first.</param>
internal sealed record WelcomeState(bool IsAlive, Identifier[] Identifiers, OpenAttempt[] OpenAttempts, RecentAttempt[] Recent);
