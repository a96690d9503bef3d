using Dapper;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>
/// Makes a PC's session, whichever way its user has shown who they are: always a new one, of 12 h, in place of the one whose cookie came
/// along, whosever that was. Safe for concurrent use.
/// </summary>
internal sealed class WebSignIn(Database database, SessionCookie cookie, ChangeFeed feed, AuditTrail audit)
{
    /// <summary>Makes it, writes its cookie, and tells the audit trail and the account's other pages.</summary>
    /// <param name="asked">What the audit trail gets.</param>
    /// <param name="replaced">The hash of the session to replace where no cookie comes along.</param>
    /// <returns>Null, and nothing is done, where the proof does not hold.</returns>
    public async Task<Session?> MakeAsync(
        HttpContext context, SignInProof proof, AuditEvent asked, byte[]? replaced = null)
    {
        var sql = $"""
            select lock_account(account_id) from (
              {proof.Owner} union select account_id from session where token_hash = @replacedHash order by account_id) as accounts;
            with proof as ({proof.Proof}),
            made as (
              insert into session (id, account_id, kind, token_hash, device_name, device_platform, address,
                created_at, last_seen_at, expires_at)
              select @id, account_id, 'web', @tokenHash, @name, @platform, @address::inet,
                statement_timestamp(), statement_timestamp(), statement_timestamp() + interval '12 h'
              from proof
              returning id, kind, account_id, expires_at),
            afterwards as ({proof.Afterwards}),
            replaced as (
              update session set revoked_at = statement_timestamp(), revoked_reason = 'replaced'
              where token_hash = @replacedHash and kind = 'web' and revoked_at is null and exists (select from made))
            select m.id, m.kind, m.account_id, a.username, a.display_name,
              extract(epoch from m.expires_at - statement_timestamp())::int as expires_in
            from made m join account a on a.id = m.account_id
            """;
        var token = Secret.New(SessionStore.TokenLength);
        var device = Device.FromUserAgent(context.Request.Headers.UserAgent.ToString());
        var all = new DynamicParameters(proof.Arguments);
        all.AddDynamicParams(new
        {
            id = Guid.CreateVersion7(),
            tokenHash = token.Hash,
            replacedHash = cookie.Read(context.Request)?.Hash ?? replaced,
            device.Name,
            device.Platform,
            address = ClientAddress.Of(context).ToString(),
        });
        var session = await database.LockAndActAsync<Session>(sql, all);
        if (session is not null)
        {
            audit.Record(asked with { AccountId = session.AccountId, SessionId = session.Id });
            feed.SessionMade(session.AccountId);
            cookie.Write(context.Response, token);
        }

        return session;
    }
}

/// <summary>How a user has shown who they are, as SQL.</summary>
/// <param name="Owner">A query with a column <c>account_id</c>: whose account is to be locked.</param>
/// <param name="Proof">One with the same column, run under the lock: a row where it holds; it uses up what serves once.</param>
/// <param name="Arguments">Of all three.</param>
/// <param name="Afterwards">What is run with it, and sees in <c>made</c> whether there is a session.</param>
internal sealed record SignInProof(string Owner, string Proof, object Arguments, string Afterwards = "select 1");
