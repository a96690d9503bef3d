using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Backend;

/// <summary>What the trail has of a site's bindings, and how many there may be.</summary>
internal sealed class BindingChangeTests
{
    [Test]
    public async Task The_trail_has_what_has_changed_and_a_refusal_once()
    {
        await using var server = new TestServer(World.Database); // no other test is refused there
        using var site = await SiteBackend.NewAsync(server);
        using var phone = new Phone(server);
        var id = SiteBackend.NewUserId();
        await site.CodeAsync(id, phone);
        await site.CodeAsync(id, phone);
        foreach (var label in new[] { "Pixel", "Pixel", null })
        {
            var bind = new { kind = "phone", value = phone.Number, label };
            Assert.That((await site.OfAsync(id, HttpMethod.Post, "/bindings", bind)).Status, Is.EqualTo(204));
        }

        for (var i = 0; i < 4; i++)
        {
            await site.OfAsync(id, HttpMethod.Post, "/bindings/remove", SiteBackend.Identifier(phone));
        }

        var rows = await World.Admin.TrailAsync(new Account($"{site.Name}/{id}", ""), until: "unbind", times: 2);
        Assert.That(
            rows.Where(row => row.Event.Contains("bind", StringComparison.Ordinal)).Select(row => $"{row}"),
            Is.EqualTo(new[] { "client bind", "client label_binding", "client unbind", "client unbind: not_found" }));
        Assert.That(rows.Where(row => row.Event == "bind").Select(row => row.Detail), Has.All.EndsWith($", by {site.Name}"));
    }

    [Test]
    public async Task Beyond_the_limit_nothing_is_bound_and_what_is_stays()
    {
        await using var server = new TestServer(World.Database, new() { ["Limits:BindingsPerAccount"] = "2" });
        using var site = await SiteBackend.NewAsync(server);
        var id = SiteBackend.NewUserId();
        using var first = new Phone(server);
        using var second = new Phone(server);
        using var third = new Phone(server);
        await site.CodeAsync(id, first, second);
        var opened = await site.OpenAsync(id, "Alice", first, third);
        Assert.That(
            opened["conflicts"].AsArray().Select(each => each!["code"]!.ToString()), Is.EqualTo(new[] { "too_many_bindings" }));
        var answers = await Task.WhenAll(
            new[] { second, third, third }.Select(each => site.OfAsync(id, HttpMethod.Post, "/bindings", SiteBackend.Identifier(each))));
        Assert.That(answers.Select(each => each.Word()), Is.EqualTo(new[] { "204", "409 too_many_bindings", "409 too_many_bindings" }));
        await site.OfAsync(id, HttpMethod.Post, "/bindings/remove", SiteBackend.Identifier(first));
        Assert.That((await site.OfAsync(id, HttpMethod.Post, "/bindings", SiteBackend.Identifier(third))).Status, Is.EqualTo(204));
    }
}
