using System.Text.RegularExpressions;
using Microsoft.Playwright;
using QrLogin.Server.Present;
using QrLogin.Server.Tests.Actors;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The phone's page: what it asks for, what it remembers, and what it says when something goes wrong.</summary>
internal sealed class PhoneTests : PageScene
{
    [Test]
    public async Task Nothing_connected_says_what_to_do()
    {
        var phone = await OpenPhoneAsync();
        phone.Screen.MayHear("status of 404");

        await phone.AskAsync(Phone.NewNumber());

        await phone.SeesAsync("Nothing is connected for this phone.");
        await phone.SeesAsync($"On your computer open {Origin} and sign in, leave the page open, then try again. Check the number, too.");
        await phone.Screen.PictureAsync("phone-nothing-connected");
    }

    [Test]
    public async Task A_number_that_is_none_is_told_at_the_field()
    {
        var phone = await OpenPhoneAsync();
        phone.Screen.MayHear("status of 400");

        await phone.AskAsync("0138 0013 8000");

        await phone.SeesAsync("This is not a whole phone number.");
        await Expect(phone.Page.GetByLabel("Phone number")).ToBeFocusedAsync();
        await phone.Screen.PictureAsync("phone-wrong-number");
    }

    [Test]
    public async Task The_number_is_asked_for_once()
    {
        var (_, app, phone) = await AskedAsync();

        await phone.PressAsync("Cancel");
        await phone.SeesAsync($"Asks as {app.Number}");
        await phone.Page.ReloadAsync();
        await phone.SeesAsync($"Asks as {app.Number}");
        await phone.Screen.PictureAsync("phone-known");
        await phone.PressAsync("Change");
        await Expect(phone.Page.GetByLabel("Phone number")).ToHaveValueAsync(app.Number);
    }

    [Test]
    public async Task A_phone_whose_install_id_is_bound_gives_no_number()
    {
        var phone = await OpenPhoneAsync();
        await phone.Page.Locator("summary").ClickAsync();
        var installId = await phone.Page.Locator("code").TextContentAsync();
        await phone.Screen.PictureAsync("phone-install-id");
        var (computer, _) = await ReadyAsync(identifiers: ("app", installId!));
        await computer.SeesAsync("App on a phone");

        await phone.AskAsync("");
        await phone.ScansAsync();
        await computer.ShowsCodeAsync();
        await phone.PhotographAsync(await computer.PhotographAsync());

        await phone.SeesAsync("You are signed in as Alice");
    }

    [Test]
    public async Task That_is_not_me_ends_the_session()
    {
        var (computer, _, phone) = await AskedAsync();
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Alice");

        await phone.PressAsync("That’s not me");

        await phone.SeesAsync("You are out of that account again");
        await phone.Screen.PictureAsync("phone-not-me");
        await Expect(computer.Page.GetByText("No phone is signed in.")).ToBeVisibleAsync();
        await phone.PressAsync("Start again");
        await phone.SeesAsync("Sign in on this phone");
    }

    [Test]
    public async Task A_session_that_was_ended_on_the_computer_is_told_when_the_user_comes_back([Values] bool isReloaded)
    {
        var (computer, _, phone) = await AskedAsync();
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Alice");
        await computer.PressAsync("Undo");
        await Expect(computer.Notices).ToContainTextAsync("Undone.");
        phone.Screen.MayHear("status of 401");

        if (isReloaded)
        {
            await phone.Page.ReloadAsync();
        }
        else
        {
            await phone.Page.EvaluateAsync("() => document.dispatchEvent(new Event('visibilitychange'))");
        }


        await phone.SeesAsync("This phone was signed out");
        await phone.Screen.PictureAsync("phone-session-ended");
    }

    [Test]
    public async Task A_stock_camera_that_opens_the_code_in_the_same_browser_completes_the_attempt()
    {
        var (computer, _, phone) = await AskedAsync();
        var scanned = QrReader.Read(await computer.ShowsCodeAsync());
        Assert.That(scanned, Does.StartWith($"{Origin}/q#"));

        var tab = await OpenTabAsync(phone, scanned);

        await tab.SeesAsync("You are signed in as Alice");
        await phone.SeesAsync("You are signed in as Alice");
        Assert.That(tab.Page.Url, Is.EqualTo($"{Origin}/phone"), "the ticket has left the address bar");
        await tab.Page.GotoAsync(scanned); // a camera app that opens it twice
        await tab.SeesAsync("You are signed in as Alice");
        Assert.That(await tab.Page.EvaluateAsync<string?>("() => JSON.stringify(history.state)"), Is.EqualTo("null"));
    }

    [Test]
    public async Task A_code_that_this_browser_did_not_ask_for_is_sent_nowhere()
    {
        var (computer, app) = await ReadyAsync();
        await app.IdentifyAsync();
        var scanned = QrReader.Read(await computer.ShowsCodeAsync());
        var stranger = await OpenPhoneAsync();
        List<string> sent = [];
        stranger.Page.Request += (_, request) => sent.Add($"{request.Method} {request.Url} {request.PostData}");

        await stranger.Page.GotoAsync(scanned);

        await stranger.SeesAsync("This code is not for this phone");
        await stranger.Screen.PictureAsync("phone-unasked");
        Assert.That(sent, Is.Not.Empty.And.None.Contains("/api/").And.None.Contains(scanned.Split('#')[1]));
        Assert.That(stranger.Page.Url, Is.EqualTo($"{Origin}/phone"));
    }

    [TestCase("{}")]
    [TestCase("5")]
    [TestCase("\"\\u0000")]
    [TestCase("{\"token\":\"x\",\"account\":null}")]
    public async Task What_an_older_page_has_left_in_the_browser_does_no_harm(string left)
    {
        var (computer, app) = await ReadyAsync();
        var phone = await OpenPhoneAsync();
        await phone.Page.EvaluateAsync(
            "(left) => ['login', 'attempt', 'installId', 'number'].forEach((key) => localStorage.setItem(`qrlogin.${key}`, left))", left);
        await phone.Page.ReloadAsync();
        if (await phone.Page.GetByText("Change").IsVisibleAsync())
        {
            await phone.PressAsync("Change");
        }

        await phone.AskAsync(app.Number);
        await phone.ScansAsync();
        await computer.ShowsCodeAsync();
    }

    [Test]
    public async Task A_number_as_contacts_give_it_is_understood()
    {
        var (computer, app) = await ReadyAsync();
        var phone = await OpenPhoneAsync();
        await phone.AskAsync($"\u202A{app.Number[..4]}\u00A0{app.Number[4..8]}\u2011{app.Number[8..]}\u202C");
        await phone.ScansAsync();
        await computer.ShowsCodeAsync();
    }

    [Test]
    public async Task Two_tabs_of_a_phone_show_the_same_attempt()
    {
        var (_, app, phone) = await AskedAsync();
        var tab = await OpenTabAsync(phone, "/phone");
        await tab.ScansAsync();
        await tab.PressAsync("Cancel");
        await phone.SeesAsync($"Asks as {app.Number}");
        await tab.PressAsync("Sign in");
        await tab.ScansAsync();
        await phone.ScansAsync();
        Assert.That(
            await phone.Page.Locator(".digits").TextContentAsync(), Is.EqualTo(await tab.Page.Locator(".digits").TextContentAsync()));
    }

    [TestCase("/q")]
    [TestCase("/q#junk")]
    [TestCase("/q/#AAAAAAAAAAAAAAAAAAAAA")]
    [TestCase("/q?x=1#AAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_code_that_is_none_leaves_an_open_attempt_alone(string path)
    {
        var (computer, _, phone) = await AskedAsync();

        var tab = await OpenTabAsync(phone, path);

        await tab.ScansAsync();
        Assert.That(tab.Page.Url, Is.EqualTo($"{Origin}/phone"));
        await tab.PhotographAsync(await computer.PhotographAsync());
        await tab.SeesAsync("You are signed in as Alice");
    }

    [Test]
    public async Task What_comes_of_a_cancelled_scan_does_not_touch_the_next_one()
    {
        var (computer, _, phone) = await AskedAsync();
        phone.Screen.MayHear("status of 410");
        var redeem = await phone.HoldCallAsync("redeem");
        await phone.PhotographAsync(await computer.PhotographAsync());
        await redeem.ReachedAsync();

        await phone.PressAsync("Cancel");
        var before = await computer.ShowsCodeAsync();
        await phone.PressAsync("Sign in");
        await phone.ScansAsync();
        await computer.ShowsAnotherCodeAsync(before);
        redeem.Release(); // too late: 410 superseded

        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Alice");
    }

    [Test]
    public async Task A_code_that_expires_while_the_answer_is_lost_leads_to_the_camera_again()
    {
        var (computer, app, phone) = await AskedAsync();
        phone.Screen.MayHear("net::ERR|status of 410");
        await phone.Page.RouteAsync("**/api/login/redeem", route => route.AbortAsync(), new() { Times = 3 });
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("The server does not answer.");
        await ExpireTicketsAsync(app);

        await phone.PressAsync("Try again");

        await phone.SeesAsync("This code has expired.");
        await phone.PressAsync("Use the camera");
        await phone.ScansAsync();
    }

    [Test]
    public async Task The_browsers_own_reader_is_used_where_there_is_one()
    {
        var (computer, app) = await ReadyAsync();
        var phone = await OpenPhoneAsync();
        await phone.Page.AddInitScriptAsync(
            """
            window.BarcodeDetector = class {
              static async getSupportedFormats() { return ['qr_code']; }
              async detect() { return [{ rawValue: window.seen }]; }
            };
            """);
        List<string> loaded = [];
        phone.Page.Request += (_, request) => loaded.Add(request.Url);
        await phone.Page.ReloadAsync();
        await phone.AskAsync(app.Number);
        await phone.ScansAsync();
        await phone.Page.EvaluateAsync("(text) => { window.seen = text; }", QrReader.Read(await computer.ShowsCodeAsync()));

        await phone.PhotographAsync(await computer.PhotographAsync());

        await phone.SeesAsync("You are signed in as Alice");
        Assert.That(loaded, Has.None.Contains("/vendor/"));
    }

    [Test]
    public async Task Without_the_scanner_the_page_sends_to_the_phones_own_camera_app()
    {
        var (computer, app) = await ReadyAsync();
        var phone = await OpenPhoneAsync();
        phone.Screen.MayHear("net::ERR");
        await phone.Page.RouteAsync("**/vendor/*", route => route.AbortAsync());
        await phone.AskAsync(app.Number);
        await phone.ScansAsync();
        await computer.ShowsCodeAsync();

        await phone.PhotographAsync(await computer.PhotographAsync());

        await phone.SeesAsync("Scan the code with this phone’s own camera app");
        await phone.Screen.PictureAsync("phone-no-scanner");
    }

    [Test]
    public async Task A_camera_that_is_refused_leaves_the_photo()
    {
        var (computer, app) = await ReadyAsync();
        using var film = new Film();
        var phone = await OpenPhoneAsync(film, isAllowed: false);
        await film.ShootAsync(phone.Page); // it is there and works, and may not be used
        await phone.AskAsync(app.Number);

        await phone.SeesAsync("This page may not use the camera.");
        await phone.Screen.PictureAsync("phone-camera-refused");
        await computer.ShowsCodeAsync();
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Alice");
    }

    [Test]
    public async Task A_device_without_a_camera_takes_a_photo_and_says_when_there_is_no_code_in_it()
    {
        var (computer, _, phone) = await AskedAsync();
        await phone.SeesAsync("This device has no camera that the page can use.");
        await phone.Screen.PictureAsync("phone-no-camera");

        await phone.PhotographAsync([1, 2, 3]);
        await phone.SeesAsync("That is not a picture that this browser can read.");
        await phone.PhotographAsync(await phone.Page.ScreenshotAsync());
        await phone.SeesAsync("There is no code in that photo.");
        await phone.Screen.PictureAsync("phone-no-code");
        await phone.PhotographAsync(QrImage.Png("https://example.com/elsewhere"));
        await phone.SeesAsync("That is another QR code.");
        await phone.Screen.PictureAsync("phone-other-code");
        await computer.ShowsCodeAsync();
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Alice");
    }

    [Test]
    public async Task Too_many_tries_say_how_long_to_wait()
    {
        var (_, app) = await ReadyAsync();
        var phone = await OpenPhoneAsync();
        for (var i = 0; i < 3; i++)
        {
            await phone.AskAsync(app.Number);
            await phone.ScansAsync();
            await phone.PressAsync("Cancel");
            await phone.PressAsync("Change");
        }

        phone.Screen.MayHear("status of 429");
        await phone.AskAsync(app.Number);

        await Expect(phone.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync(new Regex(@"Too many tries\. Try again in \d+ s"));
        await phone.Screen.PictureAsync("phone-too-many");
    }

    [Test]
    public async Task A_redeem_whose_answer_is_lost_is_repeated()
    {
        var (computer, _, phone) = await AskedAsync();
        phone.Screen.MayHear("net::ERR");
        var calls = 0;
        await phone.Page.RouteAsync("**/api/login/redeem", async route =>
        {
            var answer = await route.FetchAsync(); // the server has granted it
            if (++calls == 1)
            {
                await route.AbortAsync();
            }
            else
            {
                await route.FulfillAsync(new() { Response = answer });
            }
        });

        await phone.PhotographAsync(await computer.PhotographAsync());

        await phone.SeesAsync("You are signed in as Alice");
        await Expect(computer.Sessions.Locator("li.mobile")).ToHaveCountAsync(1);
    }

    [Test]
    public async Task Without_a_network_the_page_says_so()
    {
        var phone = await OpenPhoneAsync();
        phone.Screen.MayHear("net::ERR");
        await phone.Page.Context.SetOfflineAsync(true);

        await phone.AskAsync(Phone.NewNumber());

        await phone.SeesAsync("The server does not answer.");
        await phone.Screen.PictureAsync("phone-offline");
    }

    [Test]
    public async Task A_browser_that_keeps_nothing_signs_in_all_the_same()
    {
        var (computer, app) = await ReadyAsync();
        var phone = await OpenPhoneAsync();
        await phone.Page.AddInitScriptAsync(
            "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError'); } })");
        await phone.Page.ReloadAsync();
        await phone.AskAsync(app.Number);
        await phone.ScansAsync();
        await computer.ShowsCodeAsync();

        await phone.PhotographAsync(await computer.PhotographAsync());

        await phone.SeesAsync("You are signed in as Alice");
        await phone.PressAsync("Sign out");
        await phone.SeesAsync("Signed out");
    }
}
