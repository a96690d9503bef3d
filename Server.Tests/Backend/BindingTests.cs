using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Backend;

/// <summary>Devices that the site has verified: bound and unbound by its backend, never taken from another account.</summary>
internal sealed class BindingTests : SiteTest
{
    [Test]
    public async Task What_is_bound_is_listed_found_and_unbound()
    {
        var id = SiteBackend.NewUserId();
        using var phone = new Phone(World.Server);
        using var browser = await Site.BrowserAsync(id);
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(404));

        var bind = new { kind = "phone", value = phone.Number.Insert(4, " ("), label = "Pixel" };
        Assert.That((await Site.OfAsync(id, HttpMethod.Post, "/bindings", bind with { value = bind.value + ")" })).Status, Is.EqualTo(204));
        await browser.Page.HearsAsync("identifiers");
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        var listed = (await Site.OfAsync(id, HttpMethod.Get, "/bindings"))["bindings"].AsArray().Single()!;
        Assert.That(
            (listed["kind"]!.ToString(), listed["label"]!.ToString(), listed["masked"]!.ToString()),
            Is.EqualTo(("phone", "Pixel", $"+{new string('•', phone.Number.Length - 5)}{phone.Number[^4..]}")));

        Assert.That((await Site.OfAsync(id, HttpMethod.Post, "/bindings/remove", SiteBackend.Identifier(phone))).Status, Is.EqualTo(204));
        Assert.That((await Site.OfAsync(id, HttpMethod.Post, "/bindings/remove", SiteBackend.Identifier(phone))).Status, Is.EqualTo(404));
        await browser.Page.HearsAsync("identifiers");
        phone.Verifier = Phone.NewVerifier();
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task What_is_bound_already_is_not_written_again()
    {
        using var phone = new Phone(World.Server);
        var id = SiteBackend.NewUserId();
        await Site.CodeAsync(id, phone);
        var row = "select xmin::text from binding where value = @Number";
        var before = await World.Admin.QueryAsync<string>(row, new { phone.Number });
        await Site.CodeAsync(id, phone);
        Assert.That(await World.Admin.QueryAsync<string>(row, new { phone.Number }), Is.EqualTo(before), "nor is anybody notified");
    }

    [Test]
    public async Task What_is_bound_again_gets_another_label_and_stays_among_the_others_where_it_was()
    {
        var id = SiteBackend.NewUserId();
        using var older = new Phone(World.Server);
        using var newer = new Phone(World.Server, ("app", Phone.NewInstallId())); // which by its name is the first
        await Site.CodeAsync(id);
        foreach (var (phone, label) in new[] { (older, "Pixel 9"), (newer, "Fairphone"), (older, "Pixel 10"), (older, null) })
        {
            var (kind, value) = phone.Identifiers[0];
            Assert.That((await Site.OfAsync(id, HttpMethod.Post, "/bindings", new { kind, value, label })).Status, Is.EqualTo(204));
        }

        var listed = (await Site.OfAsync(id, HttpMethod.Get, "/bindings"))["bindings"].AsArray();
        Assert.That(
            listed.Select(each => $"{each!["kind"]} {each["label"]}"), Is.EqualTo(new[] { "phone Pixel 10", "app Fairphone" }));
    }

    [Test]
    public async Task What_another_account_has_stays_there_and_the_conflict_is_told()
    {
        using var phone = new Phone(World.Server);
        using var browser = await Site.BrowserAsync(SiteBackend.NewUserId(), phone);
        using var rogue = await SiteBackend.NewAsync(World.Server);
        var id = SiteBackend.NewUserId();
        foreach (var thief in new[] { Site, rogue })
        {
            var opened = await thief.OpenAsync(id, "Mallory", phone);
            Assert.That(opened.Status, Is.EqualTo(200));
            Assert.That(opened["conflicts"].AsArray().Single()!["kind"]!.ToString(), Is.EqualTo("phone"));
            Assert.That(
                (await thief.OfAsync(id, HttpMethod.Post, "/bindings", SiteBackend.Identifier(phone))).Word(),
                Is.EqualTo("409 identifier_taken"));
            Assert.That(
                (await thief.OfAsync(id, HttpMethod.Post, "/bindings/remove", SiteBackend.Identifier(phone))).Word(),
                Is.EqualTo("404 not_found"));
        }

        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        await browser.Page.HearsAsync("qr");
    }

    [Test]
    public async Task Who_may_open_sessions_only_binds_nothing_by_it()
    {
        using var narrow = await SiteBackend.NewAsync(World.Server, "sessions");
        using var phone = new Phone(World.Server);
        Assert.That((await narrow.OpenAsync("u1", "Alice", phone)).Word(), Is.EqualTo("403 scope_required"));
        Assert.That((await narrow.OpenAsync("u1")).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task With_a_session_eight_are_bound_and_nine_are_too_many()
    {
        using var phone = new Phone(World.Server, [.. Enumerable.Range(0, 9).Select(_ => ("phone", Phone.NewNumber()))]);
        Assert.That((await Site.OpenAsync("u1", "Alice", phone))["errors"]["identifiers"], Is.Not.Null);
        phone.Identifiers = phone.Identifiers[..8];
        await Site.CodeAsync("u1", phone);
        Assert.That((await Site.OfAsync("u1", HttpMethod.Get, "/bindings"))["bindings"].AsArray(), Has.Count.EqualTo(8));
    }
}
