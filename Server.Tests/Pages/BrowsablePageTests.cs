using System.Collections.Concurrent;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The description as a page, which only Development has. At each test's end the browser has complained of nothing.</summary>
internal sealed class BrowsablePageTests : PageTest
{
    private const string Address = "/scalar/";

    [Test]
    public async Task The_page_shows_the_calls_and_loads_nothing_from_elsewhere()
    {
        var screen = await OpenAsync("about:blank");
        var asked = new ConcurrentBag<string>();
        screen.Page.Context.Request += (_, request) => asked.Add(request.Url);
        await screen.Page.GotoAsync(Address);

        await Expect(screen.Page.GetByText("Signs in on the PC; a session whose cookie came along ends.").First).ToBeAttachedAsync();
        await Expect(screen.Page.GetByText("Redeem").First).ToBeAttachedAsync();
        Assert.That(asked, Has.Some.EndsWith("/openapi/v1.json"));
        Assert.That(asked.Where(each => each.StartsWith("http", StringComparison.Ordinal)), Is.All.StartsWith(Server.PublicOrigin + "/"));
    }

    [Test]
    public async Task Its_policy_names_no_other_origin_and_takes_no_script_without_the_nonce()
    {
        using var http = Calls.Client(Server);
        var first = (await http.CallAsync(HttpMethod.Get, Address)).Header("Content-Security-Policy")!;
        var second = (await http.CallAsync(HttpMethod.Get, Address)).Header("Content-Security-Policy");
        Assert.That(first, Does.StartWith("default-src 'none'; script-src 'self' 'nonce-").And.Not.Contain("://"));
        Assert.That(first.Split(';')[1], Does.Not.Contain("unsafe"));
        Assert.That(second, Is.Not.EqualTo(first), "another nonce each time");
    }

    [Test]
    public async Task Outside_of_Development_there_is_none()
    {
        await using var server = new TestServer(World.Database, new() { ["environment"] = "Production" });
        using var http = Calls.Client(server);
        Assert.That((await http.CallAsync(HttpMethod.Get, Address)).Word(), Is.EqualTo("404 not_found"));
        Assert.That((await http.CallAsync(HttpMethod.Get, "/openapi/v1.json")).Status, Is.EqualTo(200));
    }
}
