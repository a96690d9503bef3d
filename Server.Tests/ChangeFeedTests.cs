using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>PROTOCOL.md: what is changed in psql, or by the API, reaches live sockets within a second.</summary>
internal sealed class ChangeFeedTests
{
    private static readonly TimeSpan ASecond = TimeSpan.FromSeconds(1);

    [Test]
    public async Task Binding_in_psql_reaches_the_page_and_identify_at_once()
    {
        using var scene = await Scene.ReadyAsync();
        using var newPhone = scene.AnotherPhone(("phone", Phone.NewNumber()));
        Assert.That((await newPhone.IdentifyAsync()).Status, Is.EqualTo(404));

        await World.Admin.BindAsync(scene.Account, newPhone);
        var heard = await InTimeAsync(scene.Page.HearsAsync("identifiers"));

        Assert.That(heard["identifiers"]!.AsArray(), Has.Count.EqualTo(2));
        Assert.That(heard["identifiers"]![1]!["masked"]!.ToString(), Does.Match(@"^\+•+\d{4}$"));
        Assert.That((await newPhone.IdentifyAsync()).Status, Is.EqualTo(202));
    }

    [Test]
    public async Task Unbinding_in_psql_ends_what_identifiers_find_but_no_session_and_no_socket()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();

        await World.Admin.UnbindAsync(scene.Phone);
        Assert.That((await InTimeAsync(scene.Page.HearsAsync("identifiers")))["identifiers"]!.AsArray(), Is.Empty);

        Assert.That((await scene.AnotherPhone().IdentifyAsync()).Code, Is.EqualTo("no_live_connection"));
        Assert.That((await scene.Phone.WhoAmIAsync()).Status, Is.EqualTo(200));
        Assert.That(scene.Page.Socket.State, Is.EqualTo(System.Net.WebSockets.WebSocketState.Open));
    }

    [TestCase("select admin.set_password(@Username, 'another')")]
    [TestCase("select admin.disable_account(@Username)")]
    [TestCase("select admin.revoke_sessions(@Username)")]
    public async Task Ending_sessions_in_psql_closes_the_pages_with_4401_and_says_how_many(string sql)
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();

        Assert.That(await World.Admin.QueryAsync<int>(sql, new { scene.Account.Username }), Is.EqualTo(2), "PC and phone");

        Assert.That(await InTimeAsync(scene.Page.IsClosedAsync()), Is.EqualTo(4401));
        Assert.That((await scene.Browser.WhoAmIAsync()).Status, Is.EqualTo(401));
        Assert.That((await scene.Phone.WhoAmIAsync()).Status, Is.EqualTo(401));
    }

    [Test]
    public async Task Disabling_an_account_without_the_function_closes_its_pages_too()
    {
        using var scene = await Scene.ReadyAsync();
        await World.Admin.ExecuteAsync("update account set disabled_at = now() where username = @Username", new { scene.Account.Username });
        Assert.That(await InTimeAsync(scene.Page.IsClosedAsync()), Is.EqualTo(4401));
    }

    [TestCase("update session set expires_at = now() where account_id = (select id from account where username = @Username)")]
    [TestCase("delete from session where account_id = (select id from account where username = @Username)")]
    [TestCase("delete from account where username = @Username")]
    public async Task A_plain_statement_that_ends_a_session_closes_its_pages_too(string sql)
    {
        using var scene = await Scene.ReadyAsync();
        await World.Admin.ExecuteAsync(sql, new { scene.Account.Username });
        Assert.That(await InTimeAsync(scene.Page.IsClosedAsync()), Is.EqualTo(4401));
    }

    [Test]
    public async Task A_session_that_is_prolonged_while_a_page_is_open_keeps_it_open()
    {
        using var scene = await Scene.ReadyAsync();
        const string expireIn = """
            update session set expires_at = now() + @interval::interval
            where account_id = (select id from account where username = @Username)
            """;
        await World.Admin.ExecuteAsync(expireIn, new { scene.Account.Username, interval = "4 s" });
        var page = await scene.Browser.OpenPageAsync();
        await World.Admin.ExecuteAsync(expireIn, new { scene.Account.Username, interval = "8 s" });
        Assert.That(await page.IsClosedAsync(), Is.EqualTo(4401));
        Assert.That(await HasExpiredAsync(scene), "not before its time, the later one");
    }

    [Test]
    public async Task Signing_out_closes_the_pages_of_that_session_only_and_tells_the_others()
    {
        using var scene = await Scene.ReadyAsync();
        using var elsewhere = await Browser.AtAsync(World.Server, scene.Account);
        var otherPc = elsewhere.Page;
        await InTimeAsync(scene.Page.HearsAsync("sessions"));

        await scene.Browser.SignOutAsync();

        Assert.That(await InTimeAsync(scene.Page.IsClosedAsync()), Is.EqualTo(4401));
        await InTimeAsync(otherPc.HearsAsync("sessions"));
    }

    [Test]
    public async Task Ending_a_session_through_the_api_closes_its_pages_with_4401()
    {
        using var scene = await Scene.ReadyAsync();
        using var elsewhere = await Browser.AtAsync(World.Server, scene.Account);
        var otherPc = elsewhere.Page;
        var id = (await elsewhere.WhoAmIAsync())["session"]["id"]!.ToString();

        Assert.That((await scene.EndSessionAsync(id)).Status, Is.EqualTo(204));

        Assert.That(await InTimeAsync(otherPc.IsClosedAsync()), Is.EqualTo(4401));
    }

    [Test]
    public async Task A_phone_that_signs_out_is_told_to_the_pc()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();
        await scene.Page.HearsAsync("sessions");
        await scene.Phone.SignOutAsync();
        await InTimeAsync(scene.Page.HearsAsync("sessions"));
    }

    [Test]
    public async Task A_session_that_expires_closes_its_pages_with_4401()
    {
        using var scene = await Scene.ReadyAsync();
        await World.Admin.ExecuteAsync(
            "update session set expires_at = now() + interval '4 s' where account_id = (select id from account where username = @Username)",
            new { scene.Account.Username });
        var page = await scene.Browser.OpenPageAsync();

        Assert.That(await page.IsClosedAsync(), Is.EqualTo(4401));

        Assert.That(await HasExpiredAsync(scene), "not before its time");
    }

    [Test]
    public async Task Identify_asks_the_database_who_is_bound_even_where_the_feed_has_not_told_yet()
    {
        using var scene = await Scene.ReadyAsync();
        await World.Admin.ExecuteAsync(
            """
            alter table binding disable trigger binding_changed;
            delete from binding where account_id = (select id from account where username = @Username);
            alter table binding enable trigger binding_changed
            """, new { scene.Account.Username });

        Assert.That((await scene.Phone.IdentifyAsync()).Code, Is.EqualTo("no_live_connection"));
    }

    /// <summary>By PostgreSQL's clock, which alone says so: it is asked after the close.</summary>
    private static Task<bool> HasExpiredAsync(Scene scene) => World.Admin.QueryAsync<bool>(
        "select clock_timestamp() >= max(expires_at) from session s join account a on a.id = s.account_id where username = @Username",
        new { scene.Account.Username });

    /// <summary>Ten times what the contract allows, as these machines are shared and noisy; what arrives at all arrives at once.</summary>
    private static async Task<T> InTimeAsync<T>(Task<T> task) => await task.WaitAsync(ASecond * 10);
}

/// <summary>The change feed after its connection was killed; alone, because the others need theirs.</summary>
[NonParallelizable]
internal sealed class ChangeFeedLossTests
{
    [Test]
    public async Task A_killed_listening_connection_listens_again_and_what_changed_meanwhile_takes_effect()
    {
        using var scene = await Scene.ReadyAsync();
        using var newPhone = scene.AnotherPhone(("phone", Phone.NewNumber()));

        // Without its trigger, so that only reading everything again can find it.
        await World.Admin.ExecuteAsync(
            """
            alter table binding disable trigger binding_changed;
            insert into binding (account_id, kind, value) select id, 'phone', @number from account where username = @Username;
            alter table binding enable trigger binding_changed;
            select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen %';
            """, new { scene.Account.Username, number = newPhone.Identifiers[0].Value });

        Assert.That((await scene.Page.HearsAsync("identifiers"))["identifiers"]!.AsArray(), Has.Count.EqualTo(2));
        await World.Admin.UnbindAsync(newPhone);
        Assert.That((await scene.Page.HearsAsync("identifiers"))["identifiers"]!.AsArray(), Has.Count.EqualTo(1), "it listens again");
    }
}
