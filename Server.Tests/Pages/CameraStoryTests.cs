using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The story as two people's browsers live it: one at a computer, one on a phone with a camera.</summary>
internal sealed class CameraStoryTests : PageScene
{
    /// <summary>"Each page under 60 kB before the scanner is needed."</summary>
    private const int MaxTransferred = 60_000;

    [Test]
    public async Task A_user_signs_in_on_a_phone_by_its_camera()
    {
        using var app = new Phone(Server);
        var alice = await World.Admin.HasAccountAsync(app);
        var computer = await OpenComputerAsync(new() { Height = 720 });
        await computer.Screen.PictureAsync("sign-in");

        // Alice signs in on her computer, which is ready then.
        await computer.SignInAsync(alice);
        await computer.ReadyAsync();
        await Expect(computer.Page.GetByText("Phone number", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(computer.Page.GetByText("No phone is signed in.")).ToBeVisibleAsync();
        await computer.Screen.PictureAsync("ready");

        // On her phone she gives her number and presses "Sign in". A code appears on the computer; nothing on its page moves.
        using var film = new Film();
        var phone = await OpenPhoneAsync(film);
        await phone.Screen.PictureAsync("phone-start");
        var identify = await phone.HoldAnswerAsync("identify");
        var redeem = await phone.HoldCallAsync("redeem");
        await WatchAsync(computer.Page);
        await phone.AskAsync(app.Number);
        await computer.ShowsCodeAsync();
        Assert.That(await MovedAsync(computer.Page), Is.Zero, "the layout shift when the code came");
        await film.ShootAsync(computer.Page);
        identify.Release();

        // She points the phone at it, and is signed in there.
        await redeem.ReachedAsync();
        await phone.Screen.PictureAsync("phone-scan");
        await computer.Screen.PictureAsync("attempt");
        redeem.Release();
        await phone.SeesAsync("You are signed in as Alice");
        await phone.Screen.PictureAsync("phone-done");

        // The computer says so, and lists her phone below itself.
        await Expect(computer.Notices).ToContainTextAsync("was signed in at");
        await Expect(computer.Dialog).ToBeHiddenAsync();
        await Expect(computer.Sessions.Locator("li.mobile")).ToContainTextAsync("New");
        await computer.Screen.PictureAsync("phone-admitted");

        // The phone stays signed in when it is opened again, and signs out on its own.
        await phone.Page.ReloadAsync();
        await phone.SeesAsync("You are signed in as Alice");
        await phone.PressAsync("Sign out");
        await phone.SeesAsync("Signed out");
        await phone.Screen.PictureAsync("phone-signed-out");
        await Expect(computer.Sessions.Locator("li.mobile")).ToHaveCountAsync(0);
        await Expect(computer.Notices).ToHaveCountAsync(0);
    }

    [TestCase("/")]
    [TestCase("/phone")]
    public async Task A_page_is_light_until_the_scanner_is_needed(string path)
    {
        var screen = await OpenAsync(path);
        var session = await screen.Page.Context.NewCDPSessionAsync(screen.Page);
        await session.SendAsync("Network.enable");
        await session.SendAsync("Network.setCacheDisabled", new() { ["cacheDisabled"] = true });
        var transferred = 0.0;
        session.Event("Network.loadingFinished").OnEvent += (_, e) => transferred += e!.Value.GetProperty("encodedDataLength").GetDouble();
        await screen.Page.ReloadAsync(new() { WaitUntil = WaitUntilState.NetworkIdle });
        await TestContext.Out.WriteLineAsync($"{path}: {transferred} bytes");
        Assert.That(transferred, Is.InRange(5_000, MaxTransferred), "bytes transferred");
    }

    private static async Task WatchAsync(IPage page) => await page.EvaluateAsync(
        """
        () => {
          window.shift = 0;
          const count = (entry) => { if (document.querySelector('qr-login').attempt) window.shift += entry.value; };
          new PerformanceObserver((list) => list.getEntries().forEach(count)).observe({ type: 'layout-shift' });
        }
        """);

    private static Task<double> MovedAsync(IPage page) => page.EvaluateAsync<double>(
        "() => new Promise((seen) => requestAnimationFrame(() => setTimeout(() => seen(window.shift), 100)))");
}
