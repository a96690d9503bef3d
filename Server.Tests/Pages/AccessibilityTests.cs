using System.Globalization;
using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Pages;

/// <summary>
/// The main states of both pages 320 px wide, from left to right and from right to left: by axe's rules, by the size of what is pressed,
/// and by the Tab key.
/// </summary>
internal sealed class AccessibilityTests : PageScene
{
    /// <summary>
    /// Controls whose box is smaller than 24 by 24 px (WCAG 2.5.8), but for links within a sentence; and how many were measured.
    /// </summary>
    private const string Small =
        "() => {" + Hands.Controls +
        """
          const isInSentence = (each) => each.matches('p > a') && getComputedStyle(each).display === 'inline';
          const measured = controls().filter((each) => !isInSentence(each));
          const small = measured.map((each) => [each, target(each).getBoundingClientRect()])
            .filter(([, { width, height }]) => width < 24 || height < 24);
          return [String(measured.length), ...small.map(([each, { width, height }]) => `${name(each)}: ${width} x ${height}`)];
        }
        """;

    private static readonly ScreenOptions Narrow = new() { Width = 320, Height = 640 };

    [Test]
    public async Task The_computers_main_states_are_for_everyone()
    {
        var app = Keep(new Phone(Server));
        var computer = await OpenComputerAsync(Narrow);
        await CheckAsync(computer.Screen, "narrow-sign-in", 4);
        await computer.SignInAsync(await World.Admin.HasAccountAsync(app));
        await computer.ReadyAsync();
        await app.IdentifyAsync();
        var ticket = QrReader.TicketIn(await computer.ShowsCodeAsync());
        await computer.PressAsync("Cannot scan? Show a code to type");
        await CheckAsync(computer.Screen, "narrow-attempt", 4);
        await app.RedeemAsync(ticket);
        await computer.SeesAsync("One phone was admitted");
        await CheckAsync(computer.Screen, "narrow-sessions", 7);
    }

    [Test]
    public async Task The_phones_main_states_are_for_everyone()
    {
        var (computer, app) = await ReadyAsync();
        var phone = new PhonePage(await OpenAsync("/phone", Narrow));
        await phone.Page.Locator("summary").ClickAsync();
        await CheckAsync(phone.Screen, "narrow-phone-start", 5);
        await phone.AskAsync(app.Number);
        await phone.SeesAsync("This device has no camera that the page can use.");
        await CheckAsync(phone.Screen, "narrow-phone-scan", 5);
        await phone.PressAsync("Type a code instead");
        await phone.PressAsync("Sign in");
        await phone.SeesAsync("This is not a whole code");
        await CheckAsync(phone.Screen, "narrow-phone-type", 4);
        await phone.PressAsync("Scan instead");
        await computer.ShowsCodeAsync();
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Alice");
        await CheckAsync(phone.Screen, "narrow-phone-done", 4);
    }

    /// <param name="least">So many controls are there at least.</param>
    private static async Task CheckAsync(Screen screen, string state, int least)
    {
        screen.MayHear(Screen.AxesOwnStyle);
        await screen.Page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.Reduce });
        foreach (var direction in new[] { "ltr", "rtl" })
        {
            await screen.Page.EvaluateAsync("(direction) => { document.documentElement.dir = direction; }", direction);
            var rules = await Accessibility.CheckAsync(screen.Page, $"{state}, {direction}");
            Assert.That(rules, Does.Contain("target-size").And.Contain("color-contrast"), state);
            var sizes = await screen.Page.EvaluateAsync<string[]>(Small);
            Assert.That(sizes[1..], Is.Empty, $"too small to press: {state}, {direction}");
            Assert.That(int.Parse(sizes[0], CultureInfo.InvariantCulture), Is.GreaterThanOrEqualTo(least), state);
            Assert.That(
                await screen.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"), Is.LessThanOrEqualTo(320), state);
            await screen.ShootAsync(Screen.FileOf($"{state}-{direction}"));
        }

        await screen.Page.EvaluateAsync("() => { document.documentElement.removeAttribute('dir'); }");
        await new Hands(screen.Page).WalkAsync();
    }
}
