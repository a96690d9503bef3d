using QrLogin.Server.Tests.Actors;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>Several tabs, and the same account elsewhere: they agree.</summary>
internal sealed class TabTests : PageScene
{
    [Test]
    public async Task Two_tabs_show_the_same_code_and_ask_for_a_fresh_one_once()
    {
        var (one, app) = await ReadyAsync(Clock);
        var two = await OpenTabAsync(one);
        await two.ReadyAsync();
        var asked = 0;
        one.Page.Context.Request += (_, request) =>
        {
            if (request.Url.EndsWith("/qr", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref asked);
            }
        };
        await app.IdentifyAsync();
        var first = await one.ShowsCodeAsync();
        Assert.That(await two.ShowsCodeAsync(), Is.EqualTo(first));

        await one.Page.Clock.RunForAsync(46_000); // of both: they are one browser's

        var second = await one.ShowsAnotherCodeAsync(first);
        Assert.That(await two.ShowsAnotherCodeAsync(first), Is.EqualTo(second));
        Assert.That(asked, Is.EqualTo(1));

        await two.PressAsync("Not me");
        await Expect(one.Dialog).ToBeHiddenAsync();
        await Expect(one.Notices).ToContainTextAsync("Refused.");
    }

    [Test]
    public async Task A_notice_is_answered_on_one_tab_for_all()
    {
        var (one, app) = await ReadyAsync();
        var two = await OpenTabAsync(one);
        await two.ReadyAsync();
        await app.IdentifyAsync();
        await app.RedeemAsync(QrReader.TicketIn(await one.ShowsCodeAsync()));
        await Expect(one.Notices).ToContainTextAsync("Pixel 10, Android 17 was signed in at");
        await Expect(two.Notices).ToHaveCountAsync(1);

        await two.PressAsync("It was me");

        await Expect(one.Notices).ToHaveCountAsync(0);
        await one.Page.ReloadAsync();
        await one.ReadyAsync();
        await Expect(one.Sessions).ToContainTextAsync("Pixel 10");
        await Expect(one.Notices).ToHaveCountAsync(0);
    }

    [Test]
    public async Task Undo_signs_the_phone_out()
    {
        var (computer, app) = await ReadyAsync();
        await app.IdentifyAsync();
        await app.RedeemAsync(QrReader.TicketIn(await computer.ShowsCodeAsync()));

        await computer.PressAsync("Undo");

        await Expect(computer.Notices).ToContainTextAsync("Undone.");
        await computer.Screen.PictureAsync("undone");
        Assert.That((await app.WhoAmIAsync()).Status, Is.EqualTo(401));
        await Expect(computer.Page.GetByText("No phone is signed in.")).ToBeVisibleAsync();
    }

    [Test]
    public async Task A_phone_that_was_admitted_while_the_page_was_away_can_be_undone()
    {
        var (computer, app) = await ReadyAsync();
        await app.IdentifyAsync();
        var code = await computer.ShowsCodeAsync();
        await computer.Page.GotoAsync("about:blank");
        Assert.That((await app.RedeemAsync(QrReader.TicketIn(code))).Status, Is.EqualTo(200));

        await computer.Page.GotoAsync(Origin);

        await Expect(computer.Notices).ToContainTextAsync("Pixel 10, Android 17 was signed in at");
        await computer.PressAsync("Undo");
        await Expect(computer.Notices).ToContainTextAsync("Undone.");
        Assert.That((await app.WhoAmIAsync()).Status, Is.EqualTo(401));
        await computer.Page.ReloadAsync();
        await computer.ReadyAsync();
        await Expect(computer.Page.GetByText("No phone is signed in.")).ToBeVisibleAsync();
        await Expect(computer.Notices).ToHaveCountAsync(0);
    }

    [Test]
    public async Task The_oldest_of_too_many_tabs_says_so_and_takes_over_when_asked()
    {
        var (computer, _) = await ReadyAsync();
        var cookie = (await computer.Page.Context.CookiesAsync()).Single();
        using var others = new Browser(Server) { Cookie = $"{cookie.Name}={cookie.Value}" };
        for (var i = 0; i < 8; i++)
        {
            await others.OpenPageAsync();
        }

        await Expect(computer.Status).ToContainTextAsync("Another tab has taken over");
        await computer.Screen.PictureAsync("replaced");
        await computer.PressAsync("Use this tab");
        await computer.ReadyAsync();
    }
}
