using QrLogin.Server.Bindings;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>What an administrator does is in the trail, by a function or by a plain statement, and in the same transaction.</summary>
internal sealed class AuditAdministratorTests
{
    private const string OfHer = "where account_id = (select id from account where username = @Username)";

    private static Admin Admin => World.Admin;

    [TestCase("select admin.set_password(@Username, 'very new')", "set_password {0}", "end_sessions 2: password_changed")]
    [TestCase("select admin.disable_account(@Username)", "disable_account {0}", "end_sessions 2: account_disabled")]
    [TestCase("select admin.revoke_sessions(@Username)", "end_sessions 2: revoked")]
    [TestCase("select admin.bind(@Username, 'phone', @another)", "bind phone {2}")]
    [TestCase("select admin.bind(@Username, 'phone', @number, 'old phone')", "label_binding phone {1}")]
    [TestCase("select admin.unbind('phone', @number)", "unbind phone {1}")]
    [TestCase("update account set password_hash = left(password_hash, -1) || 'D' where username = @Username", "set_password {0}")]
    [TestCase("update account set disabled_at = now() where username = @Username", "disable_account {0}")]
    [TestCase("update account set display_name = 'Al''s' where username = @Username", "change_display_name 'Alice' to 'Al''s'")]
    [TestCase("update account set username = 'x.' || username where username = @Username", "rename_account {0} to x.{0}")]
    [TestCase("delete from binding " + OfHer, "unbind phone {1}")]
    [TestCase("update binding set value = @another " + OfHer, "unbind phone {1}", "bind phone {2}")]
    [TestCase("update session set revoked_at = now(), revoked_reason = 'ended' " + OfHer, "end_sessions 2: ended")]
    [TestCase("update session set expires_at = now() " + OfHer, "end_sessions 2: expired")]
    [TestCase("update login_attempt set session_id = null, token_salt = null, redeemed_at = null " + OfHer + "; delete from login_ticket "
        + "where session_id in (select id from session " + OfHer + "); delete from session " + OfHer, "end_sessions 2: deleted")]
    public async Task An_administrators_act_is_told(string sql, params string[] told)
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();
        var before = await Admin.TrailAsync(scene.Account, until: "redeem");
        var (number, another) = (scene.Phone.Number, Phone.NewNumber());

        await Admin.ExecuteAsync(sql, new { scene.Account.Username, number, another });

        var who = await Admin.QueryAsync<string>("select session_user");
        Assert.That(
            await Admin.ListAsync<string>(
                """
                select event || ' ' || detail from admin.audit
                where account_id = @AccountId and actor = 'administrator' and at > @At order by at
                """, new { before[0].AccountId, before[^1].At }),
            Is.EqualTo(told.Select(each => $"{Filled(each)}, by {who}")));

        string Filled(string text) =>
            text.Replace("{0}", scene.Account.Username).Replace("{1}", Masked(number)).Replace("{2}", Masked(another));

        static string Masked(string number) => $"+{new string('•', number.Length - 5)}{number[^4..]}";
    }

    [TestCase("phone", "+8613800138000")]
    [TestCase("phone", "+1234567")]
    [TestCase("imei", "352099001761481")]
    [TestCase("mac", "a4:83:e7:01:02:03")]
    [TestCase("app", "0123456789abcdefghijkl")]
    public async Task An_identifier_is_masked_as_on_the_wire(string kind, string value) =>
        Assert.That(
            await Admin.QueryAsync<string>("select masked_identifier(@kind, @value)", new { kind, value }),
            Is.EqualTo(Identifier.Stored(kind, value).Masked));

    [Test]
    public async Task What_is_rolled_back_is_not_told()
    {
        var alice = await Admin.HasAccountAsync();
        await Admin.ExecuteAsync(
            "begin; update account set disabled_at = now() where username = @Username; rollback", new { alice.Username });
        Assert.That(
            await Admin.ListAsync<string>("select event from admin.audit where username = @Username", new { alice.Username }),
            Is.EqualTo(["create_account"]));
    }

    [Test]
    public async Task What_the_server_does_to_sessions_is_no_administrators_act()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.Phone.SignOutAsync();
        await scene.Browser.SignInAsync(scene.Account);
        await scene.Browser.SignOutAsync();
        var rows = await Admin.TrailAsync(scene.Account, until: "sign_out");
        Assert.That(rows.Where(row => row.Actor == "administrator").Select(row => row.Event), Is.EqualTo(["create_account", "bind"]));
    }
}
