using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The code on the screen: its life, its end, and what the dialog says of it.</summary>
internal sealed class CodeTests : PageScene
{
    [Test]
    public async Task A_fresh_code_comes_before_the_old_one_expires()
    {
        var (computer, app) = await ReadyAsync(Clock);
        await PauseAsync(computer);
        await app.IdentifyAsync();
        var first = await computer.ShowsCodeAsync();
        await Expect(computer.Dialog).ToContainTextAsync("Time left: 5:00");

        await computer.Page.Clock.RunForAsync(44_000);
        Assert.That(await computer.ShowsCodeAsync(), Is.EqualTo(first), "after 44 s");
        await Expect(computer.Dialog).ToContainTextAsync("Time left: 4:16");
        await computer.Page.Clock.RunForAsync(2_000);

        var second = await computer.ShowsAnotherCodeAsync(first);
        Assert.That((await app.RedeemAsync(QrReader.TicketIn(second))).Status, Is.EqualTo(200));
        await Expect(computer.Dialog).ToBeHiddenAsync();
    }

    [Test]
    public async Task A_code_that_has_expired_is_refused_and_the_next_one_works()
    {
        var (computer, app, phone) = await AskedAsync();
        var first = await computer.ShowsCodeAsync();
        var photo = await computer.PhotographAsync();
        await ExpireTicketsAsync(app);

        phone.Screen.MayHear("status of 410");
        await phone.PhotographAsync(photo);
        await phone.SeesAsync("That code had expired.");
        await phone.Screen.PictureAsync("phone-code-expired");

        await computer.Page.EvaluateAsync(
            "() => fetch(`/api/login/${document.querySelector('qr-login').attempt.attemptId}/qr`, { method: 'POST' })");
        await computer.ShowsAnotherCodeAsync(first);
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Alice");
    }

    [Test]
    public async Task A_hidden_tab_asks_for_no_fresh_code_and_asks_when_it_is_seen_again()
    {
        var (computer, app) = await ReadyAsync(Clock);
        await app.IdentifyAsync();
        var first = await computer.ShowsCodeAsync();
        var asked = 0;
        computer.Page.Request += (_, request) => asked += request.Url.EndsWith("/qr", StringComparison.Ordinal) ? 1 : 0;

        await PauseAsync(computer);
        await HideAsync(computer.Page, true);
        Assert.That(await computer.Page.TitleAsync(), Does.Contain("A phone wants to sign in"));
        await computer.Page.Clock.RunForAsync(70_000);
        await computer.SeesAsync("A fresh code is on its way");
        Assert.That(asked, Is.Zero);
        await computer.Page.Clock.ResumeAsync(); // axe takes its time by the page's clock
        await computer.Screen.PictureAsync("code-covered");

        await HideAsync(computer.Page, false);
        await computer.ShowsAnotherCodeAsync(first);
        await Expect(computer.Page.GetByText("A fresh code is on its way")).ToBeHiddenAsync();
        Assert.That(asked, Is.EqualTo(1));
    }

    [Test]
    public async Task When_there_are_no_more_codes_the_dialog_says_so()
    {
        var (computer, app) = await ReadyAsync(Clock);
        var attemptId = (await app.IdentifyAsync())["attemptId"].ToString();
        await computer.ShowsCodeAsync();
        await World.Admin.ExecuteAsync(
            """
            insert into login_ticket (hash, attempt_id, session_id, created_at, expires_at)
            select sha256(convert_to(i::text || t.attempt_id, 'UTF8')), t.attempt_id, t.session_id, t.created_at, t.expires_at
            from login_ticket t, generate_series(2, 8) as i where t.attempt_id = @attemptId::uuid
            """, new { attemptId });
        computer.Screen.MayHear("status of 429");

        await computer.Page.Clock.RunForAsync(62_000);

        await computer.SeesAsync("No more codes for now.");
        await computer.Screen.PictureAsync("code-spent");
    }

    [Test]
    public async Task Not_me_refuses_the_phone()
    {
        var (computer, _, phone) = await AskedAsync();
        phone.Screen.MayHear("status of 410");

        await computer.PressAsync("Not me");

        await Expect(computer.Notices).ToContainTextAsync("Refused. Nobody was signed in");
        await Expect(computer.Dialog).ToBeHiddenAsync();
        await computer.Screen.PictureAsync("declined");
        await phone.SeesAsync("The sign-in was refused on the computer."); // it asks every 5 s
        await phone.Screen.PictureAsync("phone-declined");
        phone.Screen.MayHear("status of 404");
        await phone.PressAsync("Start again");
        await phone.PressAsync("Sign in");
        await phone.SeesAsync("Nothing is connected for this phone.");
    }

    [Test]
    public async Task Another_phone_that_scans_the_code_is_refused_and_the_computer_warns()
    {
        var (computer, app) = await ReadyAsync();
        var (_, _, bob) = await AskedAsync();
        await app.IdentifyAsync();
        await computer.ShowsCodeAsync();

        bob.Screen.MayHear("status of 400");
        await bob.PhotographAsync(await computer.PhotographAsync());

        await bob.SeesAsync("That code is for another phone");
        await bob.Screen.PictureAsync("phone-code-of-another");
        await Expect(computer.Dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("Another phone has tried this code");
        await computer.Screen.PictureAsync("warning");
    }

    [Test]
    public async Task A_warning_brings_a_hidden_dialog_back()
    {
        var (computer, app) = await ReadyAsync();
        await app.IdentifyAsync();
        var ticket = QrReader.TicketIn(await computer.ShowsCodeAsync());
        await computer.PressAsync("Hide");
        await Expect(computer.Dialog).ToBeHiddenAsync();

        using var stranger = new Phone(Server, app.Identifiers);
        Assert.That((await stranger.RedeemAsync(ticket)).Code, Is.EqualTo("invalid_ticket"));

        await Expect(computer.Dialog).ToContainTextAsync("Another phone has tried this code");
    }

    [Test]
    public async Task A_newer_request_takes_the_place_of_the_one_on_the_screen()
    {
        var (computer, app, phone) = await AskedAsync();
        var first = await computer.ShowsCodeAsync();
        phone.Screen.MayHear("status of 410");

        Assert.That((await app.IdentifyAsync()).Status, Is.EqualTo(202));

        await computer.ShowsAnotherCodeAsync(first);
        await computer.SeesAsync("This is a newer request.");
        await Expect(computer.Dialog).ToContainTextAsync("Pixel 10");
        await computer.Screen.PictureAsync("newer-attempt");
        await phone.SeesAsync("A newer request took the place of this one.");
        await phone.Screen.PictureAsync("phone-superseded");
    }

    [Test]
    public async Task An_attempt_that_nobody_answers_expires_on_both_screens()
    {
        var (computer, _, phone) = await AskedAsync(Clock);
        await HideAsync(computer.Page, true); // or it would ask for fresh codes five minutes long
        await HideAsync(phone.Page, true); // or the server, whose clock goes on, would tell it how much time there is

        await computer.Page.Clock.RunForAsync(301_000);
        await phone.Page.Clock.RunForAsync(301_000);

        await Expect(computer.Notices).ToContainTextAsync("The request has expired.");
        await computer.Screen.PictureAsync("attempt-expired");
        await phone.SeesAsync("This sign-in took too long.");
        await phone.Screen.PictureAsync("phone-attempt-expired");
    }

    [Test]
    public async Task Focus_goes_to_the_dialog_and_back_and_the_tab_shows_that_something_waits()
    {
        var (computer, app) = await ReadyAsync();
        var signOut = computer.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" });
        await signOut.FocusAsync();

        var checkCode = (await app.IdentifyAsync())["checkCode"].ToString();
        await computer.ShowsCodeAsync();

        await Expect(computer.Dialog.GetByRole(AriaRole.Heading)).ToBeFocusedAsync();
        await Expect(computer.Dialog).ToContainTextAsync(checkCode);
        await Expect(computer.Page).ToHaveTitleAsync($"({checkCode}) A phone wants to sign in");
        Assert.That(await IconAsync(), Does.EndWith("/icon-waiting.svg"));

        await computer.Page.Keyboard.PressAsync("Escape"); // hides it, and ends nothing
        await Expect(signOut).ToBeFocusedAsync();
        await computer.Screen.PictureAsync("attempt-hidden");
        await computer.PressAsync("A phone is waiting: show the code");
        await Expect(computer.Code).ToBeVisibleAsync();
        await computer.PressAsync("Not me");
        await Expect(computer.Page).ToHaveTitleAsync("QrLogin");
        Assert.That(await IconAsync(), Does.EndWith("/icon.svg"));

        async Task<string?> IconAsync() => await computer.Page.Locator("link[rel=icon]").GetAttributeAsync("href");
    }

    [TestCase(320, 568)]
    [TestCase(360, 640)]
    [TestCase(640, 360)]
    [TestCase(1366, 650)]
    public async Task The_dialog_fits_the_screen_and_its_code_is_read(int width, int height)
    {
        var (computer, app) = await ReadyAsync(new() { Width = width, Height = height });
        await app.IdentifyAsync();
        var code = await computer.ShowsCodeAsync();

        var room = await computer.Dialog.EvaluateAsync<int[]>(
            "(dialog) => [dialog.scrollWidth, dialog.clientWidth, document.body.scrollWidth]");
        Assert.That(room[0], Is.LessThanOrEqualTo(room[1]), "the dialog's width");
        Assert.That(room[2], Is.LessThanOrEqualTo(width), "the page's width");
        await computer.Code.ScrollIntoViewIfNeededAsync();
        var photo = "data:image/png;base64," + Convert.ToBase64String(await computer.PhotographAsync());
        Assert.That(QrReader.Read(photo), Is.EqualTo(QrReader.Read(code)), "what a camera sees");
    }

    [Test]
    public async Task The_code_is_crisp_and_black_on_white_in_dark_mode_too()
    {
        var (computer, app) = await ReadyAsync(new() { Scheme = ColorScheme.Dark });
        await app.IdentifyAsync();
        var code = await computer.ShowsCodeAsync();

        await Expect(computer.Code).ToHaveCSSAsync("image-rendering", "pixelated");
        await Expect(computer.Dialog.Locator(".code")).ToHaveCSSAsync("background-color", "rgb(255, 255, 255)");
        var photo = "data:image/png;base64," + Convert.ToBase64String(await computer.PhotographAsync());
        Assert.That(QrReader.Read(photo), Is.EqualTo(QrReader.Read(code)), "what a camera sees");
    }
}
