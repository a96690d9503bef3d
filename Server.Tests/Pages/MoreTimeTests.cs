using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>Who needs more time (WCAG 2.2, 2.2.1): the computer's user gives it, and both screens show it.</summary>
internal sealed class MoreTimeTests : PageScene
{
    [Test]
    public async Task Who_needs_more_time_gets_it_by_a_key_on_both_screens()
    {
        var (computer, app, phone) = await AskedAsync();
        await computer.Page.GetByRole(AriaRole.Button, new() { Name = "More time" }).FocusAsync();
        await computer.Page.Keyboard.PressAsync("Enter");
        await computer.SeesAsync("There is time enough.");
        await LeaveSecondsAsync(app, 25);
        await Expect(phone.Page.GetByText("Time left: 0:").First).ToBeVisibleAsync(); // it asks every 5 s
        var first = await computer.ShowsCodeAsync();

        await computer.Page.EvaluateAsync("() => { document.querySelector('qr-login').attempt.endsAt = Date.now() + 25_000; }");
        await Expect(computer.Dialog.GetByText("Time left: 0:").First).ToBeVisibleAsync();
        await computer.Page.Keyboard.PressAsync("Enter");

        await computer.ShowsAnotherCodeAsync(first);
        await Expect(computer.Dialog.GetByText("Time left: 5:00").Or(computer.Dialog.GetByText("Time left: 4:5")).First).ToBeVisibleAsync();
        await Expect(computer.Dialog.Locator(".time [role=status]")).ToContainTextAsync("Time left:");
        await Expect(computer.Page.GetByText("There is time enough.")).ToBeHiddenAsync();
        await computer.Screen.PictureAsync("more-time");
        await Expect(phone.Page.GetByText("Time left: 4:5").First).ToBeVisibleAsync();
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Alice");
    }

    [Test]
    public async Task When_no_more_time_can_be_had_the_dialog_says_so()
    {
        var (computer, app) = await ReadyAsync();
        await app.IdentifyAsync();
        await computer.ShowsCodeAsync();
        await LeaveSecondsAsync(app, 100);
        await World.Admin.ExecuteAsync("update login_attempt set extensions = 10 where id = @id::uuid", new { id = app.AttemptId });
        await computer.Page.EvaluateAsync("() => { document.querySelector('qr-login').attempt.endsAt = Date.now() + 100_000; }");
        computer.Screen.MayHear("status of 429");

        await computer.PressAsync("More time");

        await computer.SeesAsync("No more time can be had for this request.");
    }

    private static Task<int> LeaveSecondsAsync(Phone app, int seconds) => World.Admin.ExecuteAsync(
        "update login_attempt set expires_at = now() + @seconds * interval '1 s' where @key = any(identifiers)",
        new { seconds, key = $"phone:{app.Number}" });
}
