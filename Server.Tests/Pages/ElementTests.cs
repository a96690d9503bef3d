using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary><c>&lt;qr-login&gt;</c> on a site's page, as README says: its language, its looks, and when it is quiet.</summary>
internal sealed class ElementTests : PageScene
{
    [Test]
    public async Task A_shop_uses_the_element_on_its_own_page()
    {
        var (computer, app) = await ReadyAsync();
        var shop = new ComputerPage(await OpenTabAsync(computer.Screen, "/example/shop.html"));
        await shop.SeesAsync("Hello, Alice");
        await Expect(shop.Status).ToBeHiddenAsync();
        await shop.Screen.PictureAsync("shop");

        await app.IdentifyAsync();
        var code = await shop.ShowsCodeAsync();
        await shop.SeesAsync("Pixel 10 wants to sign in.");
        await Expect(shop.Dialog.Locator(".digits")).ToHaveCSSAsync("color", "rgb(154, 74, 23)");
        await shop.Screen.PictureAsync("shop-attempt");
        await app.RedeemAsync(QrReader.TicketIn(code));
        await Expect(shop.Notices).ToContainTextAsync("was signed in at");

        shop.Screen.MayHear("status of 401");
        await computer.PressAsync("Sign out");
        await Expect(shop.Page.GetByRole(AriaRole.Link, new() { Name = "Sign in" })).ToBeVisibleAsync();
    }

    [TestCase("zh", "这台电脑已就绪", "zh-CN")]
    [TestCase("zh-TW", "这台电脑已就绪", "zh-CN")]
    [TestCase("de", "This computer is ready", "en")]
    public async Task It_speaks_the_pages_language_and_says_which_it_speaks(string lang, string ready, string spoken)
    {
        var (computer, app) = await ReadyAsync();
        var site = await OpenSiteAsync(computer, lang: lang);
        await Expect(site.Status).ToContainTextAsync(ready);
        await app.IdentifyAsync();
        await site.ShowsCodeAsync();
        foreach (var each in new[] { site.Status, site.Dialog, site.Page.Locator("qr-login .notices") })
        {
            await Expect(each).ToHaveAttributeAsync("lang", spoken);
        }
    }

    [Test]
    public async Task Each_custom_property_changes_what_is_seen()
    {
        var (computer, app) = await ReadyAsync();
        var site = await OpenSiteAsync(computer, css:
            """
            qr-login {
              --qr-login-ink: rgb(1, 0, 0); --qr-login-soft: rgb(2, 0, 0); --qr-login-card: rgb(250, 255, 255);
              --qr-login-line: rgb(4, 0, 0); --qr-login-accent: rgb(5, 0, 0);
              --qr-login-on-accent: rgb(255, 250, 255); --qr-login-radius: 7px;
            }
            """);
        await app.IdentifyAsync();
        var ticket = QrReader.TicketIn(await site.ShowsCodeAsync());
        await site.PressAsync("Cannot scan? Show a code to type");
        await LooksAsync(".typed", "color", "rgb(1, 0, 0)");
        await LooksAsync(".advice", "color", "rgb(2, 0, 0)");
        await LooksAsync("dialog", "background-color", "rgb(250, 255, 255)");
        await LooksAsync("dialog", "border-top-color", "rgb(4, 0, 0)");
        await LooksAsync("dialog", "border-top-left-radius", "11px");
        await LooksAsync("button[aria-expanded]", "color", "rgb(5, 0, 0)");
        await site.Screen.ShootAsync(Screen.FileOf("site-properties"));
        await site.PressAsync("Hide");
        await LooksAsync(".headline", "color", "rgb(1, 0, 0)");
        await LooksAsync(".status .detail >> nth=0", "color", "rgb(2, 0, 0)");
        await LooksAsync(".status", "background-color", "rgb(250, 255, 255)");
        await LooksAsync(".status", "border-top-color", "rgb(4, 0, 0)");
        await LooksAsync(".status", "border-top-left-radius", "7px");
        await LooksAsync("button.primary", "background-color", "rgb(5, 0, 0)");
        await LooksAsync("button.primary", "color", "rgb(255, 250, 255)");
        await app.RedeemAsync(ticket);
        await LooksAsync(".card", "background-color", "rgb(250, 255, 255)");
        await LooksAsync(".card", "border-top-left-radius", "7px");

        Task LooksAsync(string element, string property, string value) =>
            Expect(site.Page.Locator($"qr-login {element}")).ToHaveCSSAsync(property, value);
    }

    [Test]
    public async Task Each_part_can_be_styled()
    {
        var (computer, app) = await ReadyAsync();
        string[] parts = ["status", "dialog", "code", "digits", "button", "notice"];
        var site = await OpenSiteAsync(computer, css: string.Concat(
            parts.Select((part, i) => $"qr-login::part({part}) {{ border-block-start: {i + 5}px solid rgb({i + 1}, 0, 0); }}")));
        await HasAsync(site.Status, "status");
        await app.IdentifyAsync();
        var ticket = QrReader.TicketIn(await site.ShowsCodeAsync());
        await HasAsync(site.Dialog, "dialog");
        await HasAsync(site.Dialog.Locator(".code"), "code");
        await HasAsync(site.Dialog.Locator(".digits"), "digits");
        await HasAsync(site.Dialog.Locator("button.deny"), "button");
        await HasAsync(site.Dialog.Locator("button.quiet"), "button");
        await site.Screen.ShootAsync(Screen.FileOf("site-parts"));
        await site.PressAsync("Hide");
        await HasAsync(site.Status.Locator("button.primary"), "button");
        await app.RedeemAsync(ticket);
        await HasAsync(site.Notices, "notice");
        await HasAsync(site.Notices.Locator("button.deny"), "button");
        await HasAsync(site.Notices.Locator("button.quiet"), "button");

        async Task HasAsync(ILocator element, string part)
        {
            var i = Array.IndexOf(parts, part);
            await Expect(element).ToHaveCSSAsync("border-top-width", $"{i + 5}px");
            await Expect(element).ToHaveCSSAsync("border-top-color", $"rgb({i + 1}, 0, 0)");
        }
    }

    [Test]
    public async Task Quiet_it_shows_itself_where_there_is_something_to_press()
    {
        var (computer, closing) = await OpenWithScriptedCloseAsync();
        computer.Screen.MayHear("closed before the connection is established");
        await computer.Page.EvaluateAsync("() => document.querySelector('qr-login').toggleAttribute('quiet')");
        await Expect(computer.Status).ToBeHiddenAsync();

        await closing(4409);
        await Expect(computer.Status).ToContainTextAsync("Another tab has taken over");
        await computer.Screen.ShootAsync(Screen.FileOf("quiet-replaced"));
        await computer.PressAsync("Use this tab");
        await Expect(computer.Status).ToBeHiddenAsync();
        await closing(1008);
        await Expect(computer.Status).ToHaveAttributeAsync("data-state", "waiting");
        await Expect(computer.Status).ToBeHiddenAsync();
        await computer.Page.Clock.RunForAsync(5_000);
        await Expect(computer.Status).ToHaveAttributeAsync("data-state", "ready");
        await Expect(computer.Status).ToBeHiddenAsync();
        await closing(1008);
        await Expect(computer.Status).ToContainTextAsync("The connection does not hold");
        await computer.Screen.ShootAsync(Screen.FileOf("quiet-broken"));
        await computer.PressAsync("Connect now");
        await Expect(computer.Status).ToHaveAttributeAsync("data-state", "ready");
        await Expect(computer.Status).ToBeHiddenAsync();
    }

    /// <summary>Another site on this origin, in a tab beside the computer's: the shop with other looks, and goods of its own.</summary>
    private async Task<ComputerPage> OpenSiteAsync(ComputerPage computer, string lang = "en", string css = "")
    {
        var profile = computer.Page.Context;
        await profile.RouteAsync("**/shop.css", route => route.FulfillAsync(new() { ContentType = "text/css", Body = css }));
        await profile.RouteAsync("**/shop.js", route => route.FulfillAsync(new()
        {
            ContentType = "text/javascript",
            Body =
                $"""
                document.documentElement.lang = '{lang}';
                document.querySelector('main').replaceChildren(document.createElement('qr-login'));
                await import('/qr-login/qr-login.js');
                """,
        }));
        return new ComputerPage(await OpenTabAsync(computer.Screen, "/example/shop.html"));
    }
}
