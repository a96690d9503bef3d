using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The phone's page by keyboard alone, and the choice of the language on both.</summary>
internal sealed class PhoneKeyboardTests : PageScene
{
    [Test]
    public async Task A_phone_is_used()
    {
        var (computer, app) = await ReadyAsync();
        var phone = await OpenPhoneAsync();
        await phone.Page.Context.GrantPermissionsAsync(["clipboard-write"]);
        var thumbs = new Hands(phone.Page);
        await thumbs.PressAsync("This phone’s install ID");
        await thumbs.PressAsync("Copy");
        await phone.SeesAsync("Copied");
        await Expect(phone.Page.GetByRole(AriaRole.Button, new() { Name = "Copy" })).ToBeFocusedAsync();
        await phone.Page.ReloadAsync();
        await thumbs.ReachAsync("Phone number");
        await phone.Page.Keyboard.TypeAsync(app.Number);
        await thumbs.PressAsync("Sign in");
        await thumbs.StandAtAsync("Scan the code on your computer");
        await phone.SeesAsync("This device has no camera that the page can use.");
        await thumbs.PressAsync("Use the camera");
        await thumbs.StandAtAsync("Scan the code on your computer");

        await ChooseAsync(await phone.Page.ScreenshotAsync());
        await phone.SeesAsync("There is no code in that photo.");
        await Expect(phone.Page.GetByLabel("Take or choose a photo")).ToBeFocusedAsync();
        await thumbs.PressAsync("Type a code instead");
        await thumbs.PressAsync("Scan instead");
        await thumbs.StandAtAsync("Scan the code on your computer");
        await thumbs.PressAsync("Cancel");
        await thumbs.StandAtAsync("Sign in on this phone");
        await thumbs.PressAsync("Change");
        await Expect(phone.Page.GetByLabel("Phone number")).ToBeFocusedAsync();
        var before = await computer.ShowsCodeAsync();
        await phone.Page.Keyboard.PressAsync("Enter");
        await phone.ScansAsync();
        await computer.ShowsAnotherCodeAsync(before);

        await ChooseAsync(await computer.PhotographAsync());
        await thumbs.StandAtAsync("You are signed in as Alice");
        await thumbs.PressAsync("Sign out");
        await thumbs.StandAtAsync("Signed out");
        await thumbs.PressAsync("Start again");
        await thumbs.StandAtAsync("Sign in on this phone");

        async Task ChooseAsync(byte[] picture)
        {
            var chooser = await phone.Page.RunAndWaitForFileChooserAsync(() => thumbs.PressAsync("Take or choose a photo"));
            await chooser.SetFilesAsync(new FilePayload { Name = "photo.png", MimeType = "image/png", Buffer = picture });
        }
    }

    [TestCase("/")]
    [TestCase("/phone")]
    public async Task The_language_is_chosen_and_the_focus_stays_at_the_choice(string path)
    {
        var screen = await OpenAsync(path);
        await new Hands(screen.Page).PressAsync("Language", "ArrowDown");
        await Expect(screen.Page.GetByLabel("语言")).ToBeFocusedAsync();
        await screen.Page.ReloadAsync();
        await Expect(screen.Page.GetByRole(AriaRole.Heading).First).ToBeVisibleAsync();
        await Expect(screen.Page.GetByLabel("语言")).Not.ToBeFocusedAsync();
    }
}
