using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Model;

/// <summary>A redeem that was answered with 200: of which attempt, by whose verifier.</summary>
internal sealed record Grant(string AttemptId, string Verifier, string SessionId, string Token)
{
    public Grant(string attemptId, string verifier, Answer answer)
        : this(attemptId, verifier, answer["session"]["id"]!.ToString(), answer["accessToken"].ToString())
    {
    }
}

/// <summary>What must hold of the database whatever was done, and at the same time; each is a query that finds what is wrong.</summary>
internal static class Ledger
{
    private static readonly (string What, string Sql)[] Faults =
    [
        ("a phone's session that no attempt became, so a second of one attempt", """
            select s.id from session s where s.account_id = @id and s.kind = 'mobile'
              and not exists (select from login_attempt a where a.session_id = s.id)
            """),
        ("two open attempts", """
            select min(id::text)::uuid from login_attempt
            where account_id = @id and redeemed_at is null and declined_at is null and superseded_at is null having count(*) > 1
            """),
        ("a session admitted by a PC whose own had ended", """
            select s.id from session s join session pc on pc.id = s.parent_id
            where s.account_id = @id and s.created_at > least(pc.revoked_at, pc.expires_at)
            """),
        ("a session of an attempt that had expired", """
            select s.id from session s join login_attempt a on a.session_id = s.id
            where s.account_id = @id and a.redeemed_at > a.expires_at
            """),
        ("a session that outlived the end of all", """
            select s.id from session s where s.account_id = @id and s.revoked_at is null and s.expires_at > now() and exists (
              select from session other where other.account_id = @id and other.revoked_at > s.created_at
                and other.revoked_reason in ('revoked', 'password_changed', 'account_disabled'))
            """),
        ("a live session of a disabled account", """
            select s.id from session s join account a on a.id = s.account_id
            where a.id = @id and a.disabled_at is not null and s.revoked_at is null and s.expires_at > now()
            """),
        ("a session elsewhere", "select s.id from session s where s.account_id = @elsewhere"),
    ];

    public static async Task HoldsAsync(Cast cast, IReadOnlyCollection<Grant> grants)
    {
        var arguments = new { id = await IdOfAsync(cast.Account), elsewhere = await IdOfAsync(cast.Elsewhere) };
        foreach (var (what, sql) in Faults)
        {
            if (await World.Admin.QueryAsync<Guid?>($"select ({sql} limit 1)", arguments) is { } found)
            {
                throw new ModelException($"{what}: {found}");
            }
        }

        foreach (var grant in grants.Distinct())
        {
            var row = new
            {
                arguments.id,
                grant.AttemptId,
                grant.SessionId,
                challenge = SHA256.HashData(Encoding.ASCII.GetBytes(grant.Verifier)),
                token = SHA256.HashData(Base64Url.DecodeFromChars(grant.Token)),
            };
            if (!await World.Admin.QueryAsync<bool>(
                """
                select exists (select from session s join login_attempt a on a.session_id = s.id
                  where s.account_id = @id and s.id = @SessionId::uuid and a.id = @AttemptId::uuid
                    and a.code_challenge = @challenge and s.token_hash = @token)
                """, row))
            {
                throw new ModelException($"a 200 without a committed session, or one of another phone: {grant.SessionId}");
            }
        }
    }

    private static Task<Guid> IdOfAsync(Account account) =>
        World.Admin.QueryAsync<Guid>("select id from account where username = @Username", new { account.Username });
}
