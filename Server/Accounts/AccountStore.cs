using System.Net;
using Dapper;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>Accounts, as far as sign-in needs them. Safe for concurrent use.</summary>
internal sealed class AccountStore(Database database, IOptions<LimitOptions> limits)
{
    /// <summary>Notes a try to sign in, unless there have been too many, and finds what it has to be checked against.</summary>
    /// <param name="username">In any case; of nobody, it is counted all the same.</param>
    public async Task<SignInTry> BeginAsync(string username, IPAddress address)
    {
        const string sql = """
            select pg_advisory_xact_lock(hashtextextended(lower(@username), 0));
            with recent as (
              select count(*) filter (where network = @network::inet) >= @perAddress as is_full_here, count(*) >= @perAccount as is_full,
                min(at) filter (where network = @network::inet) as first_here, min(at) as first
              from sign_in_try where username = lower(@username) and at > statement_timestamp() - interval '1 min'),
            noted as (
              insert into sign_in_try (id, username, network)
              select @id, lower(@username), @network::inet from recent where not is_full_here and not is_full)
            select @id as id, secret.account_id, secret.password_hash,
              case when is_full_here or is_full then greatest(1, ceil(extract(epoch from
                interval '1 min' + case when is_full then first else first_here end - statement_timestamp())))::int end as retry_after
            from recent left join sign_in_secret(@username) as secret on true
            """;
        var arguments = new
        {
            id = Guid.CreateVersion7(),
            username,
            network = ClientAddress.Network(address),
            perAddress = limits.Value.SignInFailuresPerMinute,
            perAccount = limits.Value.AccountSignInFailuresPerMinute,
        };
        return (await database.LockAndActAsync<SignInTry>(sql, arguments))!;
    }

    /// <summary>
    /// Whose password has been found right; it may have been changed since. The try is no failure: it is taken back.
    /// </summary>
    public static SignInProof ByPassword(SignInTry right, string username) => new(
        "select @accountId as account_id",
        "select account_id from sign_in_secret(@username) where account_id = @accountId and password_hash = @passwordHash",
        new { tryId = right.Id, right.AccountId, right.PasswordHash, username },
        Afterwards: "delete from sign_in_try where id = @tryId and exists (select from made)");

    /// <summary>Takes a try back: it was none.</summary>
    public Task ForgetAsync(Guid id) => database.RunAsync(connection => connection.ExecuteAsync(
        "delete from sign_in_try where id = @id", new { id }));
}

/// <summary>Somebody tries to sign in.</summary>
internal sealed record SignInTry
{
    public required Guid Id { get; init; }

    /// <summary>Null, as the next, where there is no such account or it is disabled.</summary>
    public Guid? AccountId { get; init; }

    /// <summary>bcrypt.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>In seconds, where there have been too many: then this one counts for nothing and may not be checked.</summary>
    public int? RetryAfter { get; init; }

    public override string ToString() => $"{nameof(SignInTry)} of {AccountId}";
}
