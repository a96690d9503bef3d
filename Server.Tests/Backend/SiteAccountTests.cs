using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Backend;

/// <summary>What happens to a user at the site happens here; and no client reaches another's users.</summary>
internal sealed class SiteAccountTests
{
    private SiteBackend site = null!;

    [SetUp]
    public async Task Begin() => site = await SiteBackend.NewAsync(World.Server);

    [TearDown]
    public void End() => site.Dispose();

    [TestCase("DELETE", "/sessions?kind=web", false)]
    [TestCase("DELETE", "/sessions", true)]
    [TestCase("POST", "/disable", true)]
    [TestCase("DELETE", "", true)]
    public async Task Who_is_signed_out_disabled_or_erased_there_is_out_here_within_a_second(string method, string what, bool phoneToo)
    {
        var id = SiteBackend.NewUserId();
        using var phone = new Phone(World.Server);
        using var browser = await site.BrowserAsync(id, phone);
        await phone.IdentifyAsync();
        Assert.That((await phone.ScanAsync(await browser.Page.HearsAsync("qr"))).Status, Is.EqualTo(200));

        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.That((await site.OfAsync(id, new HttpMethod(method), what)).Status, Is.EqualTo(204));
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
        var code = await site.CodeAsync(id);
        await site.OfAsync(id, HttpMethod.Post, "/disable");
        Assert.That((await browser.HandOverAsync(code)).Word(), Is.EqualTo("400 invalid_handoff"));
        Assert.That((await site.OpenAsync(id)).Word(), Is.EqualTo("403 account_disabled"));
        await site.OfAsync(id, HttpMethod.Post, "/enable");
        var before = await IdAsync(id);
        await site.CodeAsync(id);
        Assert.That(await IdAsync(id), Is.EqualTo(before));

        await site.OfAsync(id, HttpMethod.Delete, "");
        Assert.That((await site.OfAsync(id, HttpMethod.Delete, "")).Word(), Is.EqualTo("404 not_found"));
        await site.CodeAsync(id);
        Assert.That(await IdAsync(id), Is.Not.EqualTo(before));
    }

    [Test]
    public async Task Whom_an_administrator_has_disabled_the_site_does_not_enable()
    {
        var id = SiteBackend.NewUserId();
        await site.CodeAsync(id);
        await site.OfAsync(id, HttpMethod.Post, "/disable");
        await World.Admin.ExecuteAsync("select admin.disable_account(@name)", new { name = $"{site.Name}/{id}" });
        Assert.That((await site.OfAsync(id, HttpMethod.Post, "/enable")).Status, Is.EqualTo(204));
        Assert.That((await site.OpenAsync(id)).Word(), Is.EqualTo("403 account_disabled"));
        await World.Admin.ExecuteAsync("select admin.enable_account(@name)", new { name = $"{site.Name}/{id}" });
        Assert.That((await site.OpenAsync(id)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Another_clients_users_and_those_with_a_password_are_nobody_to_it()
    {
        var id = SiteBackend.NewUserId();
        using var phone = new Phone(World.Server);
        var alice = await World.Admin.HasAccountAsync(phone);
        using var owner = await SiteBackend.NewAsync(World.Server);
        using var browser = await owner.BrowserAsync(id);
        foreach (var name in new[] { id, alice.Username, $"{owner.Name}/{id}", $"..%2F{owner.Name}%2F{id}", "%00", "a b", "" })
        {
            foreach (var (method, what) in new[]
            {
                (HttpMethod.Delete, "/sessions"), (HttpMethod.Post, "/disable"), (HttpMethod.Post, "/enable"),
                (HttpMethod.Get, "/bindings"), (HttpMethod.Delete, ""),
            })
            {
                var answer = await site.CallAsync(method, $"/api/backend/accounts/{name}{what}");
                Assert.That(answer.Status, Is.AnyOf(400, 404, 405), $"{method} {name}{what}: {answer.Text}");
            }
        }

        Assert.That((await browser.WhoAmIAsync()).Status, Is.EqualTo(200));
        using var admitted = await Browser.AtAsync(World.Server, alice);
        Assert.That((await site.OpenAsync(SiteBackend.NewUserId(), "Alice", phone))["conflicts"].AsArray(), Has.Count.EqualTo(1));
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202), "it is Alice's still");
        await admitted.Page.HearsAsync("qr");
    }

    [Test]
    public async Task A_user_of_the_site_has_no_password_here()
    {
        var id = SiteBackend.NewUserId();
        await site.CodeAsync(id);
        using var browser = new Browser(World.Server);
        Assert.That((await browser.SignInAsync(new Account(id, "Alice"))).Word(), Is.EqualTo("401 invalid_credentials"));
        Assert.That((await browser.SignInAsync(new Account($"{site.Name}/{id}", "Alice"))).Word(), Is.EqualTo("400 invalid_request"));
        var error = await Assert.ThrowsAsync<Npgsql.PostgresException>(
            () => World.Admin.ExecuteAsync("select admin.set_password(@name, 'x')", new { name = $"{site.Name}/{id}" }));
        Assert.That(error!.MessageText, Does.Contain("has no password here"));
    }

    private Task<Guid> IdAsync(string externalId) => World.Admin.QueryAsync<Guid>(
        "select id from account where issuer = @Name and external_id = @externalId", new { site.Name, externalId });
}
