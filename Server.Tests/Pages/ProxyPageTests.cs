using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;
using QrLogin.Server.Tests.Proxies;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The pages behind the proxies of scripts/proxy, over https.</summary>
internal sealed class ProxyPageTests : PageTest
{
    [TestCase("nginx")]
    [TestCase("haproxy")]
    public async Task A_user_signs_in_on_a_phone_behind_a_proxy_over_https(string kind)
    {
        var port = TestServer.FreePort();
        var origin = $"https://localhost:{port}";
        await using var server = new TestServer(
            World.Database, new() { ["PublicOrigin"] = origin, ["TrustedProxies:0"] = "127.0.0.1" });
        await using var proxy = new Proxy(port) { PublicOrigin = origin };
        await proxy.StartAsync(kind, server.Address, withTls: true, kind == "nginx"
            ? [("proxy_pass http://site;", "proxy_pass http://qrlogin;")] // the PC's page is ours here
            : [("default_backend site", "default_backend qrlogin")]);
        using var app = new Phone(server);
        var alice = await World.Admin.HasAccountAsync(app);

        var computer = new ComputerPage(await OpenAsync(origin, new() { TrustsAnyCertificate = true }));
        await computer.SignInAsync(alice);
        await computer.ReadyAsync();
        var phone = new PhonePage(await OpenAsync($"{origin}/phone", new() { Width = 390, Height = 844, TrustsAnyCertificate = true }));
        await phone.AskAsync(app.Number);
        await phone.ScansAsync();
        await computer.ShowsCodeAsync();
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Alice");
        await Expect(computer.Notices).ToHaveCountAsync(1);
        Assert.That(
            await World.Admin.QueryAsync<bool>(
                "select bool_and(address = '127.0.0.1') from admin.sessions where username = @Username", new { alice.Username }));
        foreach (var page in new[] { computer.Page, phone.Page })
        {
            await page.GotoAsync("about:blank"); // or they complain that the proxy is gone
        }
    }
}
