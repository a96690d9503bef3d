using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Backend;

/// <summary>The site has signed its user in, and the user's page gets a session of ours.</summary>
internal sealed class HandoffTests : SiteTest
{
    [Test]
    public async Task A_user_of_the_site_signs_a_phone_in_without_a_password_of_ours()
    {
        var id = SiteBackend.NewUserId();
        using var phone = new Phone(World.Server);
        using var browser = await Site.BrowserAsync(id, phone);
        var session = await browser.WhoAmIAsync();
        Assert.That(session["account"].ToJsonString(), Is.EqualTo($$"""{"username":"{{Site.Name}}/{{id}}","displayName":"Alice"}"""));
        Assert.That((int)session["session"]["expiresIn"]!, Is.InRange(43_100, 43_200));

        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        var granted = await phone.ScanAsync(await browser.Page.HearsAsync("qr"));
        Assert.That(granted.Status, Is.EqualTo(200), granted.Text);
        Assert.That((await phone.WhoAmIAsync())["account"].ToJsonString(), Is.EqualTo(session["account"].ToJsonString()));
    }

    [Test]
    public async Task A_code_serves_once_also_when_twenty_use_it_at_once()
    {
        var id = SiteBackend.NewUserId();
        var code = await Site.CodeAsync(id);
        var browsers = Enumerable.Range(0, 20).Select(_ => new Browser(World.Server)).ToList();
        var answers = await Task.WhenAll(browsers.Select(browser => browser.HandOverAsync(code)));
        Assert.That(answers.Count(each => each.Status == 200), Is.EqualTo(1));
        Assert.That(
            answers.Select(each => each.Word()).Where(each => each != "200").Distinct(), Is.EqualTo(new[] { "400 invalid_handoff" }));
        Assert.That(
            await World.Admin.QueryAsync<int>(
                "select count(*)::int from session s join account a on a.id = s.account_id where a.external_id = @id", new { id }),
            Is.EqualTo(1));
        browsers.ForEach(each => each.Dispose());
    }

    [Test]
    public async Task A_code_lives_for_thirty_seconds()
    {
        var id = SiteBackend.NewUserId();
        using var browser = new Browser(World.Server);
        var code = await Site.CodeAsync(id);
        var left = "extract(epoch from expires_at - now()) from handoff join account a on a.id = account_id where external_id = @id";
        Assert.That(await World.Admin.QueryAsync<double>($"select {left}", new { id }), Is.InRange(20, 30));
        await World.Admin.ExecuteAsync(
            "update handoff set created_at = now() - interval '31 s', expires_at = now() - interval '1 s' where hash = sha256(@bytes)",
            new { bytes = System.Buffers.Text.Base64Url.DecodeFromChars(code) });
        Assert.That((await browser.HandOverAsync(code)).Word(), Is.EqualTo("400 invalid_handoff"));
    }

    [TestCase("https://evil.example")]
    [TestCase("null")]
    [TestCase(null)]
    public async Task A_page_of_another_origin_hands_nothing_over_and_the_code_still_serves(string? origin)
    {
        using var browser = new Browser(World.Server);
        var code = await Site.CodeAsync(SiteBackend.NewUserId());
        Assert.That((await browser.HandOverAsync(code, origin)).Word(), Is.EqualTo("403 origin_not_allowed"));
        Assert.That((await browser.HandOverAsync(code)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_session_is_always_a_new_one_and_ends_the_one_before()
    {
        using var browser = new Browser(World.Server);
        await browser.HandOverAsync(await Site.CodeAsync(SiteBackend.NewUserId()));
        var former = browser.Cookie;
        await browser.HandOverAsync(await Site.CodeAsync(SiteBackend.NewUserId()));
        Assert.That(browser.Cookie, Is.Not.EqualTo(former));
        browser.Cookie = former;
        Assert.That((await browser.WhoAmIAsync()).Status, Is.EqualTo(401));
    }

    [Test]
    public async Task The_name_is_that_of_the_last_time_and_the_account_the_same()
    {
        var id = SiteBackend.NewUserId();
        using var browser = await Site.BrowserAsync(id);
        await Site.OpenAsync(id, " Alicia\u202E ");
        Assert.That((await browser.WhoAmIAsync())["account"]["displayName"]!.ToString(), Is.EqualTo("Alicia"));
        await Site.OpenAsync(id.ToUpperInvariant());
        Assert.That((await browser.WhoAmIAsync())["account"]["displayName"]!.ToString(), Is.EqualTo("Alicia"), "case matters");
    }

    [Test]
    public async Task Of_a_long_name_a_hundred_UTF_16_units_stay_and_no_half_a_character()
    {
        var id = SiteBackend.NewUserId();
        using var browser = await Site.BrowserAsync(id);
        foreach (var (name, kept) in new[] { (new string('é', 101), 100), (new string('é', 99) + "😀b", 99) })
        {
            await Site.OpenAsync(id, name);
            Assert.That((await browser.WhoAmIAsync())["account"]["displayName"]!.ToString(), Is.EqualTo(name[..kept]));
        }
    }

    [Test]
    public async Task The_trail_tells_who_let_whom_in()
    {
        var id = SiteBackend.NewUserId();
        using var phone = new Phone(World.Server);
        var code = await Site.CodeAsync(id, phone);
        using var browser = new Browser(World.Server);
        await browser.HandOverAsync(code);
        await browser.HandOverAsync(code);
        await Eventually.IsAsync(
            async () => await World.Admin.QueryAsync<int>("select count(*)::int from admin.audit where username = @name", Name(id)) == 4,
            "it is written");
        Assert.That(
            await World.Admin.ListAsync<string>(
                "select concat_ws(' ', actor, event, why, detail) from admin.audit where username = @name order by at", Name(id)),
            Is.EqualTo(new[]
            {
                $"client create_account by {Site.Name}",
                $"client bind phone +{new string('•', phone.Number.Length - 5)}{phone.Number[^4..]}, by {Site.Name}",
                $"client open_session by {Site.Name}", "computer sign_in by hand-off",
            }));
    }

    private object Name(string id) => new { name = $"{Site.Name}/{id}" };
}
