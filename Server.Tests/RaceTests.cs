using Dapper;
using Npgsql;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>What holds whatever happens at the same time.</summary>
internal sealed class RaceTests
{
    [Test]
    public async Task Two_hundred_redeems_of_one_code_at_once_make_one_session()
    {
        using var scene = await Scene.ReadyAsync();
        var ticket = QrReader.TicketOf(await scene.CodeAsync());

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => PatientlyAsync(() => scene.Phone.RedeemAsync(ticket))));

        Assert.That(answers.Select(each => each.Status), Is.All.EqualTo(200), "the same phone may repeat");
        Assert.That(answers.Select(each => each["accessToken"].ToString()).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await PhoneSessionsAsync(scene.Account), Is.EqualTo(1));
    }

    [Test]
    public async Task A_ticket_and_a_typed_code_redeemed_at_once_make_one_session()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        var ticket = QrReader.TicketOf(qr);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(i =>
                PatientlyAsync(() => i % 2 == 0 ? scene.Phone.RedeemAsync(ticket) : scene.Phone.TypeAsync(qr))));

        Assert.That(answers.Select(each => each.Status), Is.All.EqualTo(200), "the same phone may repeat");
        Assert.That(answers.Select(each => each["accessToken"].ToString()).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await PhoneSessionsAsync(scene.Account), Is.EqualTo(1));
    }

    [Test]
    public async Task Fifty_wrong_codes_at_once_are_five_tries()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => scene.Phone.RedeemTypedAsync($"WRNG{i:0000}")));

        Assert.That(answers.Select(each => each.Code), Is.All.EqualTo("invalid_ticket"));
        Assert.That((await scene.Phone.TypeAsync(qr)).Code, Is.EqualTo("invalid_ticket"));
        Assert.That(
            await World.Admin.QueryAsync<short>(
                "select wrong_codes from login_attempt where id = @id::uuid", new { id = scene.Phone.AttemptId }), Is.EqualTo(5));
    }

    [Test]
    public async Task Two_hundred_redeems_by_strangers_make_no_session_and_one_warning()
    {
        using var scene = await Scene.ReadyAsync();
        var ticket = QrReader.TicketOf(await scene.CodeAsync());

        var answers = await Task.WhenAll(Enumerable.Range(0, 200)
            .Select(_ => scene.AnotherPhone())
            .Select(stranger => PatientlyAsync(() => stranger.RedeemAsync(ticket))));
        Assert.That(await PhoneSessionsAsync(scene.Account), Is.Zero);
        await scene.Phone.RedeemAsync(ticket);
        await scene.Page.HearsAsync("ended");

        Assert.That(answers.Select(each => each.Text).Distinct().ToList(), Has.Count.EqualTo(1), "one and the same refusal");
        Assert.That(answers.Select(each => each.Code), Is.All.EqualTo("invalid_ticket"));
        Assert.That(scene.Page.Heard.Count(each => each["type"]!.ToString() == "warning"), Is.EqualTo(1));
        Assert.That(scene.Phone.Token, Is.Not.Null, "its own phone is signed in all the same");
    }

    /// <summary>
    /// A redeem races with something that takes its right away. Whichever the database puts first: if the redeem won, its session is as
    /// the other left it; if it lost, it was refused for that reason.
    /// </summary>
    [TestCase("redeem", "granted")]
    [TestCase("decline", "declined")]
    [TestCase("supersede", "superseded")]
    [TestCase("sign-out", "session_ended")]
    [TestCase("revoke-all", "session_ended")]
    [TestCase("disable", "session_ended")]
    [TestCase("set password", "session_ended")]
    [TestCase("unbind", "invalid_ticket")]
    public async Task A_redeem_that_races_is_granted_before_or_refused_after(string rival, string refusal)
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => RaceAsync(rival, redeemFirst: i % 2 == 0, type: i % 4 > 1)));
        foreach (var (redeem, sessions, isAlive) in outcomes)
        {
            Assert.That(redeem.Status == 200 ? "granted" : redeem.Code, Is.AnyOf("granted", refusal), redeem.Text);
            Assert.That(sessions, Is.EqualTo(redeem.Status == 200 ? 1 : 0), "sessions made");
            var survives = redeem.Status == 200 && rival is "redeem" or "supersede" or "sign-out" or "unbind";
            Assert.That(isAlive, Is.EqualTo(survives), $"whether the session outlives {rival}");
        }

        var first = outcomes.Count(each => each.Redeem.Status == 200);
        await TestContext.Out.WriteLineAsync($"{rival}: {first} of {outcomes.Length} redeems came first");
    }

    [Test]
    public async Task A_storm_of_everything_leaves_at_most_one_open_attempt_and_one_session_an_attempt()
    {
        using var scene = await Scene.ReadyAsync(("app", Phone.NewInstallId()), ("phone", Phone.NewNumber()));
        var random = new Random(1);
        var attempt = await scene.CodeAsync();
        var ticket = QrReader.TicketOf(attempt);
        var actions = Enumerable.Range(0, 300).Select(_ => random.Next(7)).Select(async kind =>
        {
            var answer = kind switch
            {
                0 => await scene.Phone.RedeemAsync(ticket),
                1 => await scene.AnotherPhone().RedeemAsync(ticket),
                2 => await scene.AnotherPhone().IdentifyAsync(),
                3 => await scene.RefreshAsync(attempt),
                4 => await scene.DeclineAsync(attempt),
                5 => await scene.Browser.SignInAsync(scene.Account),
                _ => await scene.Browser.CallAsync(HttpMethod.Get, "/api/sessions"),
            };
            return answer.Status;
        });

        Assert.That(await Task.WhenAll(actions), Has.None.EqualTo(500), "no surprise");

        var username = new { scene.Account.Username };
        Assert.That(
            await World.Admin.QueryAsync<int>(
                "select count(*)::int from admin.attempts where state = 'open' and username = @Username", username),
            Is.LessThanOrEqualTo(1));
        Assert.That(await PhoneSessionsAsync(scene.Account), Is.LessThanOrEqualTo(1));
        await World.Admin.QueryAsync<int>("select admin.revoke_sessions(@Username)", username);
        Assert.That(
            await World.Admin.QueryAsync<long>("select live_sessions from admin.accounts where username = @Username", username), Is.Zero);
    }

    [Test]
    public async Task A_pc_that_connects_while_the_attempt_is_being_stored_shows_a_code_too()
    {
        using var scene = await Scene.ReadyAsync();
        using var late = new Browser(World.Server);
        await late.SignInAsync(scene.Account);
        await using var source = new NpgsqlDataSourceBuilder(World.Database).Build();
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("select from account where username = @Username for update", new { scene.Account.Username });

        var identify = scene.Phone.IdentifyAsync();
        await Eventually.IsAsync(
            async () => await World.Admin.QueryAsync<bool>(
                "select exists (select from pg_stat_activity where @holder = any(pg_blocking_pids(pid)))",
                new { holder = connection.ProcessID }),
            "identify waits for the account");
        var page = await late.OpenPageAsync();
        Assert.That(page.Welcome["openAttempts"]!.AsArray(), Is.Empty);
        await transaction.RollbackAsync();

        Assert.That((await identify).Status, Is.EqualTo(202));
        Assert.That((await scene.Phone.ScanAsync(await page.HearsAsync("qr"))).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Fifty_phones_that_identify_at_once_leave_one_open_attempt()
    {
        using var scene = await Scene.ReadyAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => scene.AnotherPhone().IdentifyAsync()));
        Assert.That(answers.Select(each => each.Status).Distinct(), Is.EquivalentTo(new[] { 202, 429 }));
        Assert.That(answers.Count(each => each.Status == 202), Is.EqualTo(3), "the limit holds whatever the concurrency");
        Assert.That(
            await World.Admin.QueryAsync<string>(
                "select string_agg(state, ' ' order by state) from admin.attempts where username = @Username",
                new { scene.Account.Username }),
            Is.EqualTo("open superseded superseded"));
    }

    /// <summary>Where very many ask for one row on a busy machine, some may wait for too long: they ask again, as the app does.</summary>
    private static async Task<Answer> PatientlyAsync(Func<Task<Answer>> call)
    {
        var answer = await call();
        for (var tries = 1; answer.Status == 503 && tries < 10; tries++)
        {
            await Task.Delay(TimeSpan.FromSeconds(int.Parse(answer.Header("Retry-After")!, null)));
            answer = await call();
        }

        return answer;
    }

    private static async Task<(Answer Redeem, int Sessions, bool IsAlive)> RaceAsync(string rival, bool redeemFirst, bool type)
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        var ticket = QrReader.TicketOf(qr);
        var username = new { scene.Account.Username };
        Func<Task> act = rival switch
        {
            "redeem" => () => scene.AnotherPhone(verifier: scene.Phone.Verifier).RedeemAsync(ticket),
            "decline" => () => scene.DeclineAsync(qr),
            "supersede" => () => scene.AnotherPhone().IdentifyAsync(),
            "sign-out" => scene.Browser.SignOutAsync,
            "revoke-all" => () => World.Admin.QueryAsync<int>("select admin.revoke_sessions(@Username)", username),
            "disable" => () => World.Admin.QueryAsync<int>("select admin.disable_account(@Username)", username),
            "set password" => () => World.Admin.QueryAsync<int>("select admin.set_password(@Username, 'x')", username),
            _ => () => World.Admin.UnbindAsync(scene.Phone),
        };
        Task<Answer> RedeemAsync() => PatientlyAsync(() => type ? scene.Phone.TypeAsync(qr) : scene.Phone.RedeemAsync(ticket));
        var first = redeemFirst ? RedeemAsync() : null;
        var rivals = act();
        var redeem = await (first ?? RedeemAsync());
        await rivals;
        var sessions = await PhoneSessionsAsync(scene.Account);
        return (redeem, sessions, redeem.Status == 200 && (await scene.Phone.WhoAmIAsync()).Status == 200);
    }

    private static Task<int> PhoneSessionsAsync(Account account) => World.Admin.QueryAsync<int>(
        "select count(*)::int from admin.sessions where kind = 'mobile' and username = @Username", new { account.Username });
}
