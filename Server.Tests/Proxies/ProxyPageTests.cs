using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Pages;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Proxies;

/// <summary>People at a site that has QrLogin behind nginx or HAProxy, in a real browser.</summary>
[TestFixture("nginx"), TestFixture("haproxy")]
internal sealed class ProxyPageTests(string program) : PageTest
{
    private static readonly ScreenOptions Handset = new() { TrustsAnyCertificate = true, Width = 390, Height = 844 };

    [Test]
    public async Task Behind_a_proxy_a_phone_is_signed_in_by_the_code_on_the_computer_and_both_say_when_the_service_is_away()
    {
        await using var front = await Front.StartAsync(program);
        using var app = new Phone(front);
        var alice = await World.Admin.HasAccountAsync(app);
        var computer = new ComputerPage(await OpenAsync($"{front.PublicOrigin}/", new() { TrustsAnyCertificate = true }));
        await computer.SignInAsync(alice);
        await computer.ReadyAsync();
        var phone = new PhonePage(await OpenAsync($"{front.PublicOrigin}/phone", Handset));
        await phone.AskAsync(app.Number);
        await phone.ScansAsync();
        await computer.ShowsCodeAsync();
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Alice");

        var late = new PhonePage(await OpenAsync($"{front.PublicOrigin}/phone", Handset));
        await Expect(late.Page.GetByLabel("Phone number")).ToBeVisibleAsync(); // nothing is loaded any more
        computer.Screen.MayHear("status of 503|WebSocket connection|ERR_CONNECTION"); // the last when the test is over
        late.Screen.MayHear("status of 503|ERR_CONNECTION");
        await front.StopServerAsync();
        await late.AskAsync(app.Number);
        await late.SeesAsync("The service is not available at the moment.");
    }

    /// <summary>A proxy that is none of our samples answers in its own words.</summary>
    [Test]
    public async Task A_proxys_own_page_of_502_or_503_is_understood_as_unavailable()
    {
        await using var front = await Front.StartAsync(program, sample => string.Join('\n', sample.Split('\n').Where(
            line => !line.Contains("error_page", StringComparison.Ordinal) && !line.Contains("http-error", StringComparison.Ordinal))));
        var phone = new PhonePage(await OpenAsync($"{front.PublicOrigin}/phone", Handset));
        await Expect(phone.Page.GetByLabel("Phone number")).ToBeVisibleAsync();
        phone.Screen.MayHear("status of 50[23]|ERR_CONNECTION");
        await front.StopServerAsync();
        await phone.AskAsync(Phone.NewNumber());
        await phone.SeesAsync("The service is not available at the moment.");
        Assert.That(phone.Screen.Heard, Has.Some.Contains(program == "nginx" ? "status of 502" : "status of 503"));
    }
}
