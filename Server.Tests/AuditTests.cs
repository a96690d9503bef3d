using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>What the trail says of people and their devices.</summary>
internal sealed class AuditTests
{
    private static Admin Admin => World.Admin;

    [Test]
    public async Task A_story_reads_as_it_happened()
    {
        var begin = await Admin.QueryAsync<DateTime>("select clock_timestamp()");
        using var scene = await Scene.ReadyAsync();
        var pc = (await scene.Browser.WhoAmIAsync())["session"]["id"]!.ToString();
        var phone = await scene.AdmittedAsync();
        var attempt = await scene.Page.HearsAsync("ended");
        await scene.DeclineAsync(attempt);
        await scene.Browser.SignOutAsync();

        var rows = await Admin.TrailAsync(scene.Account, until: "sign_out");

        Assert.That(rows.Select(row => $"{row}"), Is.EqualTo(
        [
            "administrator create_account",
            "administrator bind",
            "computer sign_in",
            "phone identify",
            "server show",
            "phone redeem",
            "computer undo",
            "computer sign_out",
        ]));
        Assert.That(rows.Select(row => row.At), Is.Ordered);
        Assert.That(rows[0].At, Is.GreaterThan(begin));
        Assert.That(rows[^1].At, Is.LessThan(await Admin.QueryAsync<DateTime>("select clock_timestamp()")));
        Assert.That(
            rows.Skip(2).Select(row => $"{row.SessionId}"), Is.EqualTo([pc, "", pc, phone, pc, pc]),
            "each names the session that it is about");
        Assert.That(
            rows.Where(row => row.Actor is "phone" || row.Event is "show" or "undo").Select(row => $"{row.AttemptId}"),
            Is.All.EqualTo($"{attempt["attemptId"]}"));
        Assert.That(rows.Where(row => row.Actor is "computer" or "phone").Select(row => row.Address), Is.All.EqualTo("127.0.0.1"));
        Assert.That(rows[3].Detail, Is.EqualTo("Pixel 10"), "the phone's own claim");
    }

    [Test]
    public async Task What_is_done_to_an_attempt_and_to_sessions_is_told_apart()
    {
        using var scene = await Scene.ReadyAsync();
        var first = await scene.CodeAsync();
        using var another = scene.AnotherPhone(Phone.NewVerifier());
        var second = await scene.CodeAsync(another);
        await scene.RefreshAsync(second);
        await Admin.ExecuteAsync(
            "update login_attempt set expires_at = expires_at - interval '2 min' where id = @id::uuid", new { id = another.AttemptId });
        await scene.Browser.CallAsync(HttpMethod.Post, $"/api/login/{second["attemptId"]}/extend");
        await scene.DeclineAsync(second);
        using var elsewhere = await Browser.AtAsync(World.Server, scene.Account);
        var other = (await elsewhere.WhoAmIAsync())["session"]["id"]!.ToString();
        await scene.EndSessionAsync(other, "?admitted=true");

        var rows = await Admin.TrailAsync(scene.Account, until: "end_session");

        Assert.That(rows.Skip(3).Select(row => $"{row}"), Is.EqualTo(
        [
            "phone identify",
            "server show",
            "phone identify",
            "phone supersede",
            "server show",
            "server show",
            "computer extend",
            "server show",
            "computer decline",
            "computer sign_in",
            "computer end_session",
        ]));
        Assert.That(rows.Single(row => row.Event == "supersede").AttemptId, Is.EqualTo(Guid.Parse($"{first["attemptId"]}")));
        Assert.That(rows[^1].SessionId, Is.EqualTo(Guid.Parse(other)));
        var own = (await scene.Browser.WhoAmIAsync())["session"]["id"];
        Assert.That(rows[^1].Detail, Is.EqualTo($"and those that it admitted, by session {own}"));
    }

    [Test]
    public async Task No_secret_is_in_it()
    {
        using var scene = await Scene.ReadyAsync(("phone", Phone.NewNumber()), ("app", Phone.NewInstallId()));
        var password = $"not it {Guid.NewGuid():N}";
        await scene.Browser.SignInAsync(scene.Account, password);
        var typedAsName = $"My.Password.{Guid.NewGuid():N}";
        await scene.Browser.CallAsync(HttpMethod.Post, "/api/session", new { username = typedAsName, password });
        var cookie = scene.Browser.Cookie!.Split('=')[1];
        var qr = await scene.CodeAsync();
        var wrong = scene.AnotherPhone();
        await wrong.ScanAsync(qr);
        await scene.Phone.ScanAsync(qr);
        await scene.Phone.SignOutAsync();
        var newPassword = $"a new one {Guid.NewGuid():N}";
        await Admin.QueryAsync<int>("select admin.set_password(@Username, @newPassword)", new { scene.Account.Username, newPassword });
        await Admin.UnbindAsync(scene.Phone);
        await Admin.TrailAsync(scene.Account, until: "sign_out");
        await Admin.TrailAsync(scene.Account, until: "unbind", times: 2);

        var typedCode = qr["typedCode"]!.ToString();
        string[] secrets =
        [
            Account.Password, password, newPassword, typedAsName, cookie, QrReader.TicketOf(qr), typedCode, typedCode.Replace("-", ""),
            scene.Phone.Verifier, scene.Phone.Challenge, wrong.Verifier, scene.Phone.Token!, "$2a$",
            .. scene.Phone.Identifiers.Select(each => each.Value), .. scene.Phone.Identifiers.Select(each => each.Value[..^4]),
        ];
        foreach (var secret in secrets)
        {
            Assert.That(await Admin.MentionsAsync(secret), Is.Zero, secret);
        }

        Assert.That(await Admin.MentionsAsync(scene.Account.Username), Is.Positive, "such a search finds what is there");
    }

    [Test]
    public async Task What_has_been_done_by_an_account_outlives_it()
    {
        using var scene = await Scene.ReadyAsync();
        var before = await Admin.TrailAsync(scene.Account, until: "sign_in");
        await Admin.ExecuteAsync("delete from account where username = @Username", new { scene.Account.Username });
        Assert.That(
            await Admin.ListAsync<string>(
                "select event from admin.audit where account_id = @AccountId order by at", new { before[0].AccountId }),
            Is.EqualTo(["create_account", "bind", "sign_in", "delete_account", "unbind"]));
    }
}
