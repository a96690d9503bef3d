using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The PC's page keeps its connection, and says how it stands (PROTOCOL.md §2, close codes).</summary>
internal sealed class ConnectionTests : PageScene
{
    [Test]
    public async Task A_page_outlives_a_restart_of_the_server_and_takes_up_the_open_attempt()
    {
        var port = TestServer.FreePort();
        var first = new TestServer(World.Database, port: port);
        using var app = new Phone(first);
        var alice = await World.Admin.HasAccountAsync(app);
        var computer = await OpenComputerAsync(new() { Server = first });
        await computer.SignInAsync(alice);
        await computer.ReadyAsync();
        await app.IdentifyAsync();
        var code = await computer.ShowsCodeAsync();

        computer.Screen.MayHear("WebSocket|net::ERR|404|503");
        await first.DisposeAsync();
        await Expect(computer.Status).ToContainTextAsync("Reconnecting");
        await Expect(computer.Status).ToContainTextAsync("Next try in");
        await computer.Screen.PictureAsync("reconnecting-attempt");
        await computer.PressAsync("Hide");
        await computer.Screen.PictureAsync("reconnecting");

        await using var second = new TestServer(World.Database, port: port);
        await computer.Page.EvaluateAsync("() => dispatchEvent(new Event('online'))"); // or it would wait out its time
        await computer.ReadyAsync();
        await computer.PressAsync("A phone is waiting: show the code");
        using var sameApp = new Phone(second, app.Identifiers) { Verifier = app.Verifier };
        Assert.That((await sameApp.RedeemAsync(QrReader.TicketIn(code))).Status, Is.EqualTo(200), "the code was good all along");
        await Expect(computer.Notices).ToContainTextAsync("was signed in at");
    }

    [Test]
    public async Task A_page_that_is_opened_while_a_phone_waits_shows_its_code()
    {
        var (computer, app) = await ReadyAsync();
        await app.IdentifyAsync();
        var code = await computer.ShowsCodeAsync();

        await computer.Page.ReloadAsync();

        await computer.ShowsAnotherCodeAsync(code);
    }

    [Test]
    public async Task A_session_that_is_ended_in_psql_leads_to_the_sign_in()
    {
        var (computer, app) = await ReadyAsync();
        computer.Screen.MayHear("status of 401");

        await World.Admin.ExecuteAsync(
            "select admin.revoke_sessions(username) from admin.bindings where value = @Number", new { app.Number });

        await computer.SeesAsync("Your session on this computer has ended. Sign in again.");
        await Expect(computer.Page.GetByLabel("User name")).ToBeFocusedAsync();
        await computer.Screen.PictureAsync("session-ended");
    }

    [Test]
    public async Task A_binding_that_is_made_in_psql_shows_at_once()
    {
        var computer = await OpenComputerAsync();
        var alice = await World.Admin.HasAccountAsync();
        await computer.SignInAsync(alice);
        await computer.SeesAsync("No phone belongs to this account yet.");
        await computer.Screen.PictureAsync("no-bindings");

        using var app = new Phone(Server, ("app", Phone.NewInstallId()));
        await World.Admin.BindAsync(alice, app);

        await computer.SeesAsync("App on a phone");
    }

    [Test]
    public async Task A_wrong_password_says_so()
    {
        var computer = await OpenComputerAsync();
        computer.Screen.MayHear("status of 401");
        await computer.SignInAsync(await World.Admin.HasAccountAsync(), "wrong");
        await computer.SeesAsync("The user name or the password is wrong.");
        await Expect(computer.Page.GetByLabel("Password")).ToBeFocusedAsync();
        await computer.Screen.PictureAsync("sign-in-refused");
    }

    [Test]
    public async Task A_server_that_cannot_answer_is_asked_again()
    {
        var (computer, _) = await ReadyAsync();
        computer.Screen.MayHear("status of 503");
        await computer.Page.RouteAsync("**/api/session", route => route.FulfillAsync(new() { Status = 503 }), new() { Times = 1 });
        await computer.Page.ReloadAsync();
        await computer.SeesAsync("The service is not available at the moment.");
        await computer.Screen.PictureAsync("unavailable");
        await computer.PressAsync("Try again");
        await computer.ReadyAsync();
    }

    [Test]
    public async Task What_was_signed_in_and_ended_while_the_connection_was_gone_leaves_no_notice()
    {
        var app = Keep(new Phone(Server));
        var (computer, closing) = await OpenWithScriptedCloseAsync(app);
        await app.IdentifyAsync();
        await app.RedeemAsync(QrReader.TicketIn(await computer.ShowsCodeAsync()));
        await Expect(computer.Notices).ToHaveCountAsync(1);
        await closing(1001);
        await computer.SeesAsync("Reconnecting");
        await app.SignOutAsync();
        await Expect(computer.Notices).ToHaveCountAsync(1);

        await computer.Page.Clock.RunForAsync(5_000);

        await computer.ReadyAsync();
        await Expect(computer.Notices).ToHaveCountAsync(0);
    }

    [Test]
    public async Task Signing_out_leads_to_the_sign_in_on_every_tab()
    {
        var (one, _) = await ReadyAsync();
        var two = await OpenTabAsync(one);
        await two.ReadyAsync();
        two.Screen.MayHear("status of 401");

        await one.PressAsync("Sign out");

        await Expect(one.Page.GetByLabel("User name")).ToBeVisibleAsync();
        await two.SeesAsync("Your session on this computer has ended.");
    }

    [TestCase(1001, "Reconnecting", "This computer is ready")]
    [TestCase(4409, "Another tab has taken over", null)]
    public async Task A_close_code_is_acted_on(int code, string says, string? thenSays)
    {
        var (computer, closing) = await OpenWithScriptedCloseAsync();
        await closing(code);
        await computer.SeesAsync(says);
        if (thenSays is not null)
        {
            await computer.Page.Clock.RunForAsync(5_000); // the first wait is at most five seconds
            await computer.SeesAsync(thenSays);
        }
    }

    [Test]
    public async Task Told_off_once_the_page_connects_again_told_off_twice_it_tells_the_user()
    {
        var (computer, closing) = await OpenWithScriptedCloseAsync();
        await closing(1008);
        await computer.SeesAsync("Reconnecting");
        await computer.Page.Clock.RunForAsync(5_000);
        await computer.ReadyAsync();
        await closing(1008);
        await computer.SeesAsync("The connection does not hold");
        await computer.Page.Clock.RunForAsync(120_000);
        await computer.SeesAsync("The connection does not hold");
        await computer.Page.Clock.ResumeAsync();
        await computer.Screen.PictureAsync("broken");
    }

    [Test]
    public async Task Who_does_not_want_to_wait_connects_now()
    {
        var (computer, closing) = await OpenWithScriptedCloseAsync();
        await closing(1001);
        await computer.PressAsync("Connect now");
        await computer.ReadyAsync();
    }

    [Test]
    public async Task Told_off_again_after_a_long_good_time_the_page_connects_again()
    {
        var (computer, closing) = await OpenWithScriptedCloseAsync();
        await closing(1008);
        await computer.Page.Clock.RunForAsync(5_000);
        await computer.ReadyAsync();
        await computer.Page.Clock.RunForAsync(61_000);
        await closing(1008);
        await computer.SeesAsync("Reconnecting");
    }

    [Test]
    public async Task The_waits_are_drawn_from_spans_that_double_up_to_a_minute()
    {
        var (computer, closing) = await OpenWithScriptedCloseAsync();
        computer.Screen.MayHear("WebSocket|status of|net::ERR");
        await computer.Page.EvaluateAsync("() => { Math.random = () => 1; }");
        await computer.Page.RouteWebSocketAsync("**/connect", route => route.CloseAsync(new() { Code = 1001 }));
        await closing(1001);
        foreach (var seconds in new[] { 5, 10, 20, 40, 60, 60 })
        {
            await computer.SeesAsync($"Next try in {seconds} s.");
            await computer.Page.Clock.RunForAsync(seconds * 1000);
        }

        await computer.SeesAsync("Next try in 60 s.");
        await computer.Page.EvaluateAsync("() => { Math.random = () => 0.25; }");
        await computer.Page.Clock.RunForAsync(60_000);
        await computer.SeesAsync("Next try in 15 s.");
    }

    [Test]
    public async Task While_a_request_is_on_the_screen_no_wait_is_long()
    {
        var app = Keep(new Phone(Server));
        var (computer, closing) = await OpenWithScriptedCloseAsync(app);
        computer.Screen.MayHear("WebSocket|status of|net::ERR");
        await computer.Page.EvaluateAsync("() => { Math.random = () => 1; }");
        await app.IdentifyAsync();
        await computer.ShowsCodeAsync();
        await computer.Page.RouteWebSocketAsync("**/connect", route => route.CloseAsync(new() { Code = 1001 }));
        await closing(1001);
        foreach (var seconds in new[] { 5, 5, 5, 5 })
        {
            await Expect(computer.Page.Locator("qr-login .status")).ToContainTextAsync($"Next try in {seconds} s.");
            await computer.Page.Clock.RunForAsync(seconds * 1000);
        }
    }

    [Test]
    public async Task A_computer_that_has_slept_connects_anew()
    {
        var (computer, _) = await OpenWithScriptedCloseAsync();
        var sockets = 0;
        computer.Page.WebSocket += (_, _) => sockets++;
        await computer.Page.Clock.FastForwardAsync(60_000);
        await computer.ReadyAsync();
        Assert.That(sockets, Is.Zero, "after a minute, as in a hidden tab");

        await computer.Page.Clock.FastForwardAsync(120_000);

        await Eventually.IsAsync(() => Task.FromResult(sockets == 1), "a new connection");
        await computer.ReadyAsync();
    }

    [Test]
    public async Task Without_a_network_the_page_says_that_it_is_offline_and_comes_back_with_it()
    {
        var (computer, app) = await ReadyAsync();
        computer.Screen.MayHear("WebSocket|net::ERR");
        await computer.Page.Context.SetOfflineAsync(true);
        await computer.SeesAsync("This computer is offline");
        await computer.Screen.PictureAsync("offline");

        await computer.Page.Context.SetOfflineAsync(false);

        await computer.ReadyAsync();
        await app.IdentifyAsync();
        await computer.ShowsCodeAsync();
    }

    [Test]
    public async Task A_dialog_closes_where_no_news_of_it_come_any_more()
    {
        var app = Keep(new Phone(Server));
        var (computer, closing) = await OpenWithScriptedCloseAsync(app);
        await app.IdentifyAsync();
        await computer.ShowsCodeAsync();
        await closing(4409);
        await Expect(computer.Dialog).ToBeHiddenAsync();
        await computer.PressAsync("Use this tab");
        await computer.ShowsCodeAsync();
    }

    [Test]
    public async Task A_sign_out_that_fails_is_not_shown_as_done()
    {
        var (computer, _) = await ReadyAsync();
        computer.Screen.MayHear("net::ERR");
        await computer.Page.RouteAsync("**/api/session", route => route.AbortAsync(), new() { Times = 1 });
        await computer.PressAsync("Sign out");
        await computer.SeesAsync("The server does not answer.");
        await computer.ReadyAsync();
        await computer.PressAsync("Sign out");
        await Expect(computer.Page.GetByLabel("User name")).ToBeVisibleAsync();
    }

    [Test]
    public async Task Signing_in_on_one_tab_signs_in_the_others()
    {
        var alice = await World.Admin.HasAccountAsync();
        var one = await OpenComputerAsync();
        var two = await OpenTabAsync(one);
        await Expect(two.Page.GetByLabel("User name")).ToBeVisibleAsync();
        await one.SignInAsync(alice);
        await one.ReadyAsync();
        await two.ReadyAsync();
    }

    [Test]
    public async Task A_refused_handshake_without_a_session_leads_to_the_sign_in()
    {
        var (computer, closing) = await OpenWithScriptedCloseAsync();
        computer.Screen.MayHear("WebSocket|401");
        await computer.Page.UnrouteAllAsync();
        await computer.Page.Context.ClearCookiesAsync();
        await closing(1001);
        await computer.SeesAsync("Reconnecting");
        await computer.Page.Clock.RunForAsync(5_000);
        await computer.SeesAsync("Your session on this computer has ended.");
    }
}
