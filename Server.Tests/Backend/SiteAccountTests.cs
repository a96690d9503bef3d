using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Backend;

/// <summary>What happens to a user at the site happens here; and no client reaches another's users.</summary>
internal sealed class SiteAccountTests : SiteTest
{
    [TestCase("DELETE", "/sessions?kind=web", false)]
    [TestCase("DELETE", "/sessions", true)]
    [TestCase("POST", "/disable", true)]
    [TestCase("DELETE", "", true)]
    public async Task Who_is_signed_out_disabled_or_erased_there_is_out_here(string method, string what, bool phoneToo)
    {
        var id = SiteBackend.NewUserId();
        using var phone = new Phone(World.Server);
        using var browser = await Site.BrowserAsync(id, phone);
        await phone.IdentifyAsync();
        Assert.That((await phone.ScanAsync(await browser.Page.HearsAsync("qr"))).Status, Is.EqualTo(200));

        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.That((await Site.OfAsync(id, new HttpMethod(method), what)).Status, Is.EqualTo(204));
        Assert.That(await browser.Page.IsClosedAsync().WaitAsync(TimeSpan.FromSeconds(10)), Is.EqualTo(4401));
        await TestContext.Out.WriteLineAsync($"out after {clock.ElapsedMilliseconds} ms"); // a busy machine is no fault
        Assert.That((await browser.WhoAmIAsync()).Status, Is.EqualTo(401));
        Assert.That((await phone.WhoAmIAsync()).Status, Is.EqualTo(phoneToo ? 401 : 200));
    }

    [Test]
    public async Task A_disabled_user_is_not_let_in_until_enabled_and_an_erased_one_is_another()
    {
        var id = SiteBackend.NewUserId();
        using var browser = new Browser(World.Server);
        var code = await Site.CodeAsync(id);
        await Site.OfAsync(id, HttpMethod.Post, "/disable");
        Assert.That((await browser.HandOverAsync(code)).Word(), Is.EqualTo("400 invalid_handoff"));
        Assert.That((await Site.OpenAsync(id)).Word(), Is.EqualTo("403 account_disabled"));
        await Site.OfAsync(id, HttpMethod.Post, "/enable");
        var before = await IdAsync(id);
        await Site.CodeAsync(id);
        Assert.That(await IdAsync(id), Is.EqualTo(before));

        await Site.OfAsync(id, HttpMethod.Delete, "");
        Assert.That((await Site.OfAsync(id, HttpMethod.Delete, "")).Word(), Is.EqualTo("404 not_found"));
        await Site.CodeAsync(id);
        Assert.That(await IdAsync(id), Is.Not.EqualTo(before));
    }

    [Test]
    public async Task Whom_an_administrator_has_disabled_the_site_does_not_enable()
    {
        var id = SiteBackend.NewUserId();
        await Site.CodeAsync(id);
        await Site.OfAsync(id, HttpMethod.Post, "/disable");
        await World.Admin.ExecuteAsync("select admin.disable_account(@name)", new { name = $"{Site.Name}/{id}" });
        Assert.That((await Site.OfAsync(id, HttpMethod.Post, "/enable")).Word(), Is.EqualTo("403 account_disabled"));
        var erased = await Site.OfAsync(id, HttpMethod.Delete, "");
        Assert.That(erased.Word(), Is.EqualTo("403 account_disabled"), "it would come back enabled");
        Assert.That((await Site.OpenAsync(id, "Renamed")).Word(), Is.EqualTo("403 account_disabled"));
        Assert.That(
            await World.Admin.QueryAsync<string>("select display_name from account where external_id = @id", new { id }),
            Is.EqualTo("Alice"));
        await World.Admin.ExecuteAsync("select admin.enable_account(@name)", new { name = $"{Site.Name}/{id}" });
        Assert.That((await Site.OpenAsync(id)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Whom_a_plain_statement_has_disabled_the_site_does_not_enable()
    {
        var id = SiteBackend.NewUserId();
        await Site.CodeAsync(id);
        await Site.OfAsync(id, HttpMethod.Post, "/disable");
        await World.Admin.ExecuteAsync("update account set disabled_at = null where external_id = @id", new { id });
        await World.Admin.ExecuteAsync("update account set disabled_at = now() where external_id = @id", new { id });
        Assert.That((await Site.OfAsync(id, HttpMethod.Post, "/enable")).Word(), Is.EqualTo("403 account_disabled"));
    }

    [Test]
    public async Task Opened_and_erased_at_once_nothing_is_a_fault_of_the_servers()
    {
        var id = SiteBackend.NewUserId();
        using var phone = new Phone(World.Server);
        var words = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Parallel.ForAsync(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) => words.Add((i % 4) switch
        {
            0 => "erase " + (await Site.OfAsync(id, HttpMethod.Delete, "")).Word(),
            1 => "bind " + (await Site.OfAsync(id, HttpMethod.Post, "/bindings", SiteBackend.Identifier(phone))).Word(),
            2 => "open " + (await Site.OpenAsync(id, "Alice", phone)).Status,
            _ => "open " + (await Site.OpenAsync(id, $"Alice {i}")).Status,
        }));
        Assert.That(
            words.Distinct(),
            Is.SubsetOf(new[] { "open 200", "open 503", "erase 204", "erase 404 not_found", "bind 204", "bind 404 not_found" }));
    }

    [Test]
    public async Task There_are_sessions_of_two_kinds_and_no_other()
    {
        var id = SiteBackend.NewUserId();
        using var browser = await Site.BrowserAsync(id);
        foreach (var kind in new[] { "desktop", "WEB", "" })
        {
            Assert.That((await Site.OfAsync(id, HttpMethod.Delete, $"/sessions?kind={kind}")).Word(), Is.EqualTo("400 invalid_request"));
        }

        Assert.That((await browser.WhoAmIAsync()).Status, Is.EqualTo(200));
    }

    [TestCase(".")]
    [TestCase("..")]
    [TestCase("a b")]
    [TestCase("a/b")]
    [TestCase("a%20b")]
    [TestCase("é")]
    [TestCase("")]
    public async Task An_id_that_could_not_stand_in_an_address_is_refused(string id) =>
        Assert.That((await Site.OpenAsync(id)).Word(), Is.EqualTo("400 invalid_request"));

    [TestCase("select disable_site_account(@account, true)")]
    [TestCase("select erase_site_account(@account)")]
    [TestCase("select bind_for_site(@account, 'phone', '+9991234567', null, 9)")]
    [TestCase("select unbind_for_site(@account, 'phone', @Number)")]
    public async Task The_servers_role_changes_no_account_that_has_a_password(string sql)
    {
        using var phone = new Phone(World.Server);
        var alice = await World.Admin.HasAccountAsync(phone);
        var account = await World.Admin.QueryAsync<Guid>("select id from account where username = @Username", new { alice.Username });
        await using var server = new Admin(TestDatabase.AsServerRole(World.Database));
        await server.ExecuteAsync(sql, new { account, phone.Number });
        Assert.That(
            await World.Admin.QueryAsync<string>(
                """
                select string_agg(b.value, ',') from binding b join account a on a.id = b.account_id
                where a.id = @account and a.disabled_at is null
                """, new { account }),
            Is.EqualTo(phone.Number));
    }

    [Test]
    public async Task What_runs_with_the_owners_rights_only_the_server_may_call() =>
        Assert.That(
            await World.Admin.ListAsync<string>(
                """
                select proname::text from pg_proc where prosecdef and pronamespace = 'public'::regnamespace
                  and prorettype <> 'trigger'::regtype and has_function_privilege('public', oid, 'execute')
                """),
            Is.Empty);

    [Test]
    public async Task Another_clients_users_and_those_with_a_password_are_nobody_to_it()
    {
        var id = SiteBackend.NewUserId();
        using var phone = new Phone(World.Server);
        var alice = await World.Admin.HasAccountAsync(phone);
        using var owner = await SiteBackend.NewAsync(World.Server);
        using var browser = await owner.BrowserAsync(id);
        foreach (var name in new[] { id, alice.Username, $"{owner.Name}/{id}", $"..%2F{owner.Name}%2F{id}", "%00", "a b" })
        {
            foreach (var (method, what) in new[]
            {
                (HttpMethod.Delete, "/sessions"), (HttpMethod.Post, "/disable"), (HttpMethod.Post, "/enable"),
                (HttpMethod.Get, "/bindings"), (HttpMethod.Delete, ""),
            })
            {
                var answer = await Site.CallAsync(method, $"/api/backend/accounts/{name}{what}");
                Assert.That(answer.Word(), Is.EqualTo(name == "%00" ? "400" : "404 not_found"), $"{method} {name}{what}");
            }
        }

        Assert.That((await browser.WhoAmIAsync()).Status, Is.EqualTo(200));
        using var admitted = await Browser.AtAsync(World.Server, alice);
        Assert.That((await Site.OpenAsync(SiteBackend.NewUserId(), "Alice", phone))["conflicts"].AsArray(), Has.Count.EqualTo(1));
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202), "it is Alice's still");
        await admitted.Page.HearsAsync("qr");
    }

    [Test]
    public async Task A_user_of_the_site_has_no_password_here()
    {
        var id = SiteBackend.NewUserId();
        await Site.CodeAsync(id);
        using var browser = new Browser(World.Server);
        Assert.That((await browser.SignInAsync(new Account(id, "Alice"))).Word(), Is.EqualTo("401 invalid_credentials"));
        Assert.That((await browser.SignInAsync(new Account($"{Site.Name}/{id}", "Alice"))).Word(), Is.EqualTo("400 invalid_request"));
        var error = await Assert.ThrowsAsync<Npgsql.PostgresException>(
            () => World.Admin.ExecuteAsync("select admin.set_password(@name, 'x')", new { name = $"{Site.Name}/{id}" }));
        Assert.That(error!.MessageText, Does.Contain("has no password here"));
    }

    private Task<Guid> IdAsync(string externalId) => World.Admin.QueryAsync<Guid>(
        "select id from account where issuer = @Name and external_id = @externalId", new { Site.Name, externalId });
}
