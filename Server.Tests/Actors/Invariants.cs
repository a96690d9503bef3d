namespace QrLogin.Server.Tests.Actors;

/// <summary>What holds after whatever has happened (the head of SECURITY.md's table of faults), as psql sees it.</summary>
internal static class Invariants
{
    /// <param name="phones">How many phones were told that they are signed in; others may have been and not have heard it.</param>
    public static async Task AssertAsync(Admin admin, Account account, int phones)
    {
        const string sql = """
            with mine as (select id from account where username = @Username)
            select 'a phone that no attempt has signed in' from session s
            where account_id = (select id from mine) and kind = 'mobile' and not exists (select from login_attempt where session_id = s.id)
            union all select 'an attempt redeemed after it was over' from login_attempt
            where account_id = (select id from mine) and redeemed_at >= expires_at
            union all select 'an attempt that ended twice' from login_attempt
            where account_id = (select id from mine) and num_nonnulls(redeemed_at, declined_at, superseded_at) > 1
            union all select 'a session of somebody else' from login_attempt a join session s on s.id = a.session_id
            where a.account_id = (select id from mine) and s.account_id <> a.account_id
            union all select 'a phone without its computer' from session s left join session parent on parent.id = s.parent_id
            where s.account_id = (select id from mine) and s.kind = 'mobile'
              and (parent.kind is distinct from 'web' or parent.account_id <> s.account_id)
            union all select 'a grant that is nowhere' from session
            where account_id = (select id from mine) and kind = 'mobile' having count(*) < @phones
            """;
        Assert.That(await admin.ListAsync<string>(sql, new { account.Username, phones }), Is.Empty);
    }
}
