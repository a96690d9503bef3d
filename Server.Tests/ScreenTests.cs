using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>PROTOCOL.md: POST /api/login/{attemptId}/qr and …/decline.</summary>
internal sealed class ScreenTests
{
    [Test]
    public async Task A_fresh_code_is_pushed_to_all_pages_of_this_session_and_earlier_ones_stay_good()
    {
        using var scene = await Scene.ReadyAsync();
        var secondTab = await scene.Browser.OpenPageAsync();
        using var elsewhere = await Browser.AtAsync(World.Server, scene.Account);
        var otherPc = elsewhere.Page;
        var first = await scene.CodeAsync();

        var answer = await scene.RefreshAsync(first);
        var fresh = await scene.Page.HearsAsync("qr");
        await secondTab.HearsAsync("qr");

        Assert.That(answer.Status, Is.EqualTo(204));
        Assert.That((await secondTab.HearsAsync("qr"))["image"]!.ToString(), Is.EqualTo(fresh["image"]!.ToString()));
        Assert.That(fresh["image"]!.ToString(), Is.Not.EqualTo(first["image"]!.ToString()));
        Assert.That(fresh["checkCode"]!.ToString(), Is.EqualTo(first["checkCode"]!.ToString()));
        Assert.That(fresh["device"]!.ToJsonString(), Is.EqualTo(first["device"]!.ToJsonString()));
        Assert.That((await scene.Phone.ScanAsync(first)).Status, Is.EqualTo(200), "the earlier one");
        await otherPc.HearsAsync("ended");
        Assert.That(otherPc.Heard.Count(each => each["type"]!.ToString() == "qr"), Is.EqualTo(1), "the other PC asked for none");
    }

    [Test]
    public async Task A_pc_that_connects_later_takes_up_the_open_attempt()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        using var elsewhere = await Browser.AtAsync(World.Server, scene.Account);
        var otherPc = elsewhere.Page;

        var open = otherPc.Welcome["openAttempts"]!.AsArray().Single()!;
        Assert.That(open["attemptId"]!.ToString(), Is.EqualTo(qr["attemptId"]!.ToString()));
        Assert.That(open["checkCode"]!.ToString(), Is.EqualTo(qr["checkCode"]!.ToString()));
        Assert.That((int)open["expiresIn"]!, Is.InRange(290, 300));
        Assert.That(open["device"]!.ToJsonString(), Is.EqualTo(qr["device"]!.ToJsonString()));

        Assert.That((await elsewhere.CallAsync(HttpMethod.Post, $"/api/login/{open["attemptId"]}/qr")).Status, Is.EqualTo(204));
        Assert.That((await scene.Phone.ScanAsync(await otherPc.HearsAsync("qr"))).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_code_never_lives_longer_than_its_attempt()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await World.Admin.ExecuteAsync(
            "update login_attempt set expires_at = now() + interval '20 s' where id = @id::uuid", new { id = qr["attemptId"]!.ToString() });
        await scene.RefreshAsync(qr);
        var fresh = await scene.Page.HearsAsync("qr");
        Assert.That((int)fresh["expiresIn"]!, Is.InRange(15, 20));
        Assert.That((int)fresh["attemptExpiresIn"]!, Is.InRange(15, 20));
    }

    [Test]
    public async Task The_ninth_code_of_an_attempt_and_session_is_too_many()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        for (var i = 2; i <= 8; i++)
        {
            Assert.That((await scene.RefreshAsync(qr)).Status, Is.EqualTo(204));
        }

        var limited = await scene.RefreshAsync(qr);
        Assert.That((limited.Status, limited.Code), Is.EqualTo((429, "too_many_requests")));
        Assert.That(int.Parse(limited.Header("Retry-After")!, null), Is.InRange(200, 300));
    }

    [Test]
    public async Task A_fresh_code_without_a_page_is_no_live_connection()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        using var pageless = new Browser(World.Server);
        await pageless.SignInAsync(scene.Account);
        var answer = await pageless.CallAsync(HttpMethod.Post, $"/api/login/{qr["attemptId"]}/qr");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((404, "no_live_connection")));
    }

    [Test]
    public async Task An_attempt_of_another_account_is_not_found()
    {
        using var scene = await Scene.ReadyAsync();
        using var eve = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        Assert.That((await eve.RefreshAsync(qr)).Code, Is.EqualTo("not_found"));
        Assert.That((await eve.DeclineAsync(qr)).Code, Is.EqualTo("not_found"));
        Assert.That((await scene.Phone.ScanAsync(qr)).Status, Is.EqualTo(200));
    }

    [TestCase("already_redeemed")]
    [TestCase("declined")]
    [TestCase("superseded")]
    [TestCase("attempt_expired")]
    public async Task A_fresh_code_for_an_attempt_that_is_over_is_410(string code)
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await (code switch
        {
            "already_redeemed" => scene.Phone.ScanAsync(qr),
            "declined" => scene.DeclineAsync(qr),
            "superseded" => scene.AnotherPhone().IdentifyAsync(),
            _ => (Task)World.Admin.ExecuteAsync(
                "update login_attempt set created_at = now() - interval '301 s', expires_at = now() - interval '1 s' where id = @id::uuid",
                new { id = qr["attemptId"]!.ToString() }),
        });
        var answer = await scene.RefreshAsync(qr);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((410, code)));
    }

    [Test]
    public async Task Not_me_ends_the_open_attempt_and_tells_all_pages()
    {
        using var scene = await Scene.ReadyAsync();
        var secondTab = await scene.Browser.OpenPageAsync();
        var qr = await scene.CodeAsync();

        Assert.That((await scene.DeclineAsync(qr)).Status, Is.EqualTo(204));

        Assert.That((await scene.Page.HearsAsync("ended"))["outcome"]!.ToString(), Is.EqualTo("declined"));
        Assert.That((await secondTab.HearsAsync("ended"))["outcome"]!.ToString(), Is.EqualTo("declined"));
        Assert.That((await scene.Phone.ScanAsync(qr)).Code, Is.EqualTo("declined"));
    }

    [Test]
    public async Task Not_me_after_the_redeem_ends_the_session_that_it_made()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await scene.Phone.ScanAsync(qr);

        Assert.That((await scene.DeclineAsync(qr)).Status, Is.EqualTo(204));

        Assert.That((await scene.Phone.WhoAmIAsync()).Status, Is.EqualTo(401));
        Assert.That((await scene.AnotherPhone().IdentifyAsync()).Code, Is.EqualTo("no_live_connection"), "and mutes");
    }

    [TestCase("superseded")]
    [TestCase("redeemed and signed out")]
    [TestCase("long ago")]
    public async Task Not_me_mutes_whatever_became_of_the_attempt(string state)
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        if (state == "superseded")
        {
            await scene.CodeAsync(scene.AnotherPhone());
        }
        else
        {
            await scene.Phone.ScanAsync(qr);
            await scene.Phone.SignOutAsync();
            await World.Admin.ExecuteAsync(
                """
                update login_attempt set created_at = created_at - @by::interval, expires_at = expires_at - @by::interval
                where id = @id::uuid
                """,
                new { id = qr["attemptId"]!.ToString(), by = state == "long ago" ? "25 h" : "0 h" });
        }

        Assert.That((await scene.DeclineAsync(qr)).Status, Is.EqualTo(204));

        Assert.That((await scene.AnotherPhone().IdentifyAsync()).Code, Is.EqualTo("no_live_connection"));
    }

    [Test]
    public async Task Not_me_is_204_in_every_state()
    {
        using var scene = await Scene.ReadyAsync();
        var superseded = await scene.CodeAsync();
        var redeemed = await scene.CodeAsync(scene.AnotherPhone());
        foreach (var qr in new[] { superseded, superseded, redeemed, redeemed })
        {
            Assert.That((await scene.DeclineAsync(qr)).Status, Is.EqualTo(204));
        }
    }

    [Test]
    public async Task A_page_that_was_away_hears_in_its_welcome_who_was_signed_in_meanwhile()
    {
        using var scene = await Scene.ReadyAsync();
        var id = await scene.AdmittedAsync();

        var welcome = (await scene.Browser.OpenPageAsync()).Welcome;

        Assert.That(welcome["openAttempts"]!.AsArray(), Is.Empty);
        var recent = welcome["recent"]!.AsArray().Single()!;
        Assert.That(recent["session"]!["id"]!.ToString(), Is.EqualTo(id));
        Assert.That(recent["device"]!["name"]!.ToString(), Is.EqualTo("Pixel 10"));
        Assert.That(recent["redeemedAt"]!.ToString(), Does.EndWith("Z"));
    }

    [TestCase("/qr")]
    [TestCase("/extend")]
    [TestCase("/decline")]
    public async Task A_change_by_cookie_from_another_sites_page_is_403(string call)
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        var answer = await scene.Browser.CallAsync(HttpMethod.Post, $"/api/login/{qr["attemptId"]}{call}", null, "https://evil.example");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((403, "origin_not_allowed")));
    }
}
