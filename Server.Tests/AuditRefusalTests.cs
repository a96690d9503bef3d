using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>Every refusal of the flow is in the trail with its why; what can be repeated without end is there once a minute.</summary>
internal sealed class AuditRefusalTests
{
    private static Admin Admin => World.Admin;

    [Test]
    public async Task A_muted_phone_is_told_with_the_account()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.DeclineAsync(await scene.CodeAsync());
        await scene.AnotherPhone().IdentifyAsync();

        var rows = await Admin.TrailAsync(scene.Account, until: "identify", times: 2);

        Assert.That($"{rows[^1]}", Is.EqualTo("phone identify: no_live_connection"));
    }

    [TestCase("another phone", "invalid_ticket")]
    [TestCase("late", "ticket_expired")]
    [TestCase("declined", "declined")]
    [TestCase("superseded", "superseded")]
    [TestCase("signed out", "session_ended")]
    [TestCase("used", "already_redeemed")]
    [TestCase("unbound", "invalid_ticket")]
    public async Task A_code_that_is_not_redeemed_says_why(string what, string why)
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await SpoilAsync(scene, qr, what);
        var refused = await (what == "another phone" ? scene.AnotherPhone() : scene.Phone).ScanAsync(qr);
        Assert.That(refused.Code, Is.EqualTo(why));

        var rows = await Admin.TrailAsync(scene.Account, until: "redeem", times: what == "used" ? 2 : 1);
        var row = rows.Last(each => each.Event == "redeem");

        Assert.That($"{row}", Is.EqualTo($"phone redeem: {why}"));
        Assert.That(row.AttemptId, Is.EqualTo(Guid.Parse($"{qr["attemptId"]}")));
        Assert.That(row.Detail, Is.EqualTo(what == "another phone" ? what : null));
    }

    [Test]
    public async Task What_a_page_asks_in_vain_is_told_once_a_minute()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await scene.DeclineAsync(qr);
        for (var i = 0; i < 3; i++)
        {
            await scene.RefreshAsync(qr);
            await scene.Browser.CallAsync(HttpMethod.Post, $"/api/login/{qr["attemptId"]}/extend");
            await scene.DeclineAsync(qr);
        }

        await scene.Browser.SignOutAsync();
        var rows = await Admin.TrailAsync(scene.Account, until: "sign_out");

        Assert.That(rows.Skip(5).Select(row => $"{row} {row.Detail}".Trim()), Is.EqualTo(
        [
            "computer decline",
            "computer refresh: declined",
            "computer extend: declined",
            "computer decline it was over",
            "computer sign_out",
        ]));
    }

    [Test]
    public async Task A_redeem_that_is_repeated_is_told_as_that()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        for (var i = 0; i < 4; i++)
        {
            await scene.Phone.ScanAsync(qr);
        }

        await scene.Phone.SignOutAsync();
        var rows = await Admin.TrailAsync(scene.Account, until: "sign_out");

        Assert.That(rows.Where(row => row.Event == "redeem").Select(row => row.Detail), Is.EqualTo([null, "again"]));
    }

    private static Task SpoilAsync(Scene scene, JsonNode qr, string what) => what switch
    {
        "late" => Admin.ExecuteAsync(
            """
            update login_ticket set created_at = created_at - interval '61 s', expires_at = expires_at - interval '61 s'
            where attempt_id = @id::uuid
            """, new { id = $"{qr["attemptId"]}" }),
        "declined" => scene.DeclineAsync(qr),
        "superseded" => scene.AnotherPhone().IdentifyAsync(),
        "signed out" => scene.Browser.SignOutAsync(),
        "used" => scene.Phone.ScanAsync(qr).ContinueWith(_ => scene.Phone.SignOutAsync(), TaskScheduler.Default).Unwrap(),
        "unbound" => Admin.UnbindAsync(scene.Phone),
        _ => Task.CompletedTask,
    };
}
