using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>SECURITY.md T7: who asks without right hears the same bytes, headers included, whatever there is.</summary>
internal sealed class EnumerationTests
{
    private const string NoTicket = "AAAAAAAAAAAAAAAAAAAAAA";

    [Test]
    public async Task Identify_tells_nobody_apart_from_somebody_who_is_not_to_be_found([Values] bool withApp)
    {
        using var unknown = new Phone(World.Server, Kinds(withApp));
        using var offline = new Phone(World.Server, Kinds(withApp));
        await World.Admin.HasAccountAsync(offline);
        using var closed = await Scene.ReadyAsync(Kinds(withApp));
        await closed.Browser.SignOutAsync();
        await closed.Page.IsClosedAsync();
        using var unbound = await Scene.ReadyAsync(Kinds(withApp));
        await World.Admin.UnbindAsync(unbound.Phone);
        using var disabled = await Scene.ReadyAsync(Kinds(withApp));
        await World.Admin.QueryAsync<int>("select admin.disable_account(@Username)", new { disabled.Account.Username });
        using var others = new Phone(World.Server, [.. offline.Identifiers, .. closed.Phone.Identifiers]);
        using var muted = await Scene.ReadyAsync(Kinds(withApp));
        await muted.DeclineAsync(await muted.CodeAsync());
        using var taken = await Scene.ReadyAsync(("app", Phone.NewInstallId()), ("phone", Phone.NewNumber()));
        await taken.CodeAsync();
        var behind = taken.AnotherPhone([.. Kinds(withApp)[..^1], taken.Phone.Identifiers[1]]);

        Phone[] phones = [unknown, offline, closed.Phone, unbound.Phone, disabled.Phone, others, muted.AnotherPhone(), behind];
        await AreAlikeAsync(404, "no_live_connection", [.. phones.Select(each => each.IdentifyAsync())]);
    }

    [Test]
    public async Task Sign_in_tells_nobody_from_a_wrong_password_and_from_a_disabled_account()
    {
        var alice = await World.Admin.HasAccountAsync();
        var disabled = await World.Admin.HasAccountAsync();
        await World.Admin.QueryAsync<int>("select admin.disable_account(@Username)", new { disabled.Username });
        await using var server = new TestServer(World.Database, new() { ["Limits:PasswordWaitSeconds"] = "10" });
        using var browser = new Browser(server);
        await AreAlikeAsync(
            401, "invalid_credentials",
            browser.SignInAsync(new Account($"nobody.{Guid.NewGuid():N}", "")), browser.SignInAsync(alice, "not her password"),
            browser.SignInAsync(disabled), browser.SignInAsync(disabled, "not her password"));
    }

    [Test]
    public async Task Redeem_tells_no_ticket_from_one_of_another_phone()
    {
        using var open = await Scene.ReadyAsync();
        var qr = await open.CodeAsync();
        using var late = await Scene.ReadyAsync();
        var expired = await late.CodeAsync();
        await World.Admin.ExecuteAsync(
            """
            update login_ticket set created_at = now() - interval '61 s', expires_at = now() - interval '1 s' where attempt_id = @id::uuid
            """,
            new { id = $"{expired["attemptId"]}" });
        using var disabled = await Scene.ReadyAsync();
        var dead = await disabled.CodeAsync();
        await World.Admin.QueryAsync<int>("select admin.disable_account(@Username)", new { disabled.Account.Username });
        using var thief = new Phone(World.Server) { AttemptId = $"{qr["attemptId"]}" };
        using var stranger = new Phone(World.Server) { AttemptId = $"{Guid.NewGuid()}" };

        await AreAlikeAsync(
            400, "invalid_ticket",
            thief.RedeemAsync(NoTicket), open.Phone.RedeemAsync(NoTicket), thief.ScanAsync(qr), open.AnotherPhone().ScanAsync(qr),
            late.AnotherPhone().ScanAsync(expired), disabled.AnotherPhone().ScanAsync(dead),
            stranger.TypeAsync(qr), thief.TypeAsync(qr), thief.RedeemTypedAsync("0000-0000"), open.Phone.RedeemTypedAsync("0000-0000"));
        Assert.That((await open.Phone.ScanAsync(qr)).Status, Is.EqualTo(200), "it was a good one");
    }

    [Test]
    public async Task An_attempt_of_somebody_else_is_none()
    {
        using var theirs = await Scene.ReadyAsync();
        var open = await theirs.CodeAsync();
        using var ended = await Scene.ReadyAsync();
        var declined = await ended.CodeAsync();
        await ended.DeclineAsync(declined);
        using var own = await Scene.ReadyAsync();
        var ids = new[] { $"{open["attemptId"]}", $"{declined["attemptId"]}", $"{Guid.NewGuid()}", $"{Guid.CreateVersion7()}" };

        foreach (var call in new[] { "qr", "extend", "decline" })
        {
            await AreAlikeAsync(
                404, "not_found", [.. ids.Select(each => own.Browser.CallAsync(HttpMethod.Post, $"/api/login/{each}/{call}"))]);
        }

        await AreAlikeAsync(404, "not_found", [.. ids.Select(async each =>
        {
            using var thief = new Phone(World.Server) { AttemptId = each };
            return await thief.StatusAsync();
        })]);
        Assert.That((await theirs.Phone.StatusAsync()).Status, Is.EqualTo(200), "nothing was done to it");
        Assert.That(own.Page.Heard, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_session_of_somebody_else_is_none()
    {
        using var theirs = await Scene.ReadyAsync();
        await theirs.AdmittedAsync();
        using var own = await Scene.ReadyAsync();
        var ids = (await theirs.SessionsAsync()).Select(each => $"{each!["id"]}").Append($"{Guid.NewGuid()}").ToList();
        foreach (var query in new[] { "", "?admitted=true" })
        {
            await AreAlikeAsync(404, "not_found", [.. ids.Select(each => own.EndSessionAsync(each, query))]);
        }

        Assert.That(await theirs.SessionsAsync(), Has.Count.EqualTo(2), "nothing was done to them");
    }

    private static (string, string)[] Kinds(bool withApp) =>
        [.. withApp ? new[] { ("app", Phone.NewInstallId()) } : [], ("phone", Phone.NewNumber())];

    private static async Task AreAlikeAsync(int status, string code, params Task<Answer>[] calls)
    {
        var answers = await Task.WhenAll(calls);
        Assert.That(answers.Select(each => (each.Status, each.Code)), Is.All.EqualTo((status, code)));
        Assert.That(answers.Select(Bytes), Is.All.EqualTo(Bytes(answers[0])));
    }

    /// <summary>All that the answer consists of, but for the time of day.</summary>
    private static string Bytes(Answer answer)
    {
        var headers = $"{answer.Response.Headers}{answer.Response.Content.Headers}".Split('\n')
            .Where(each => !each.StartsWith("Date:", StringComparison.Ordinal));
        return $"{answer.Status}\n{string.Join('\n', headers)}\n{answer.Text}";
    }
}
