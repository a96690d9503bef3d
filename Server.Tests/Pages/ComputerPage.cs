using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The PC's page as its user sees and presses it. One test, one thread.</summary>
internal sealed class ComputerPage(Screen screen)
{
    public Screen Screen => screen;

    public IPage Page => screen.Page;

    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    public ILocator Code => Dialog.Locator("img");

    public ILocator Status => Page.Locator("qr-login .status");

    public ILocator Notices => Page.Locator("qr-login .notices .card");

    public ILocator Sessions => Page.Locator(".sessions");

    public async Task SignInAsync(Account account, string password = Account.Password)
    {
        await Page.GetByLabel("User name").FillAsync(account.Username);
        await Page.GetByLabel("Password").FillAsync(password);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }

    /// <summary>Signed in, and its connection stands.</summary>
    public async Task ReadyAsync() => await Expect(Status).ToContainTextAsync("This computer is ready");

    /// <summary>The code of a phone is on the screen.</summary>
    /// <returns>The image's data URI.</returns>
    public async Task<string> ShowsCodeAsync()
    {
        await Expect(Code).ToBeVisibleAsync();
        return (await Code.GetAttributeAsync("src"))!;
    }

    /// <summary>Another code than this one is on the screen.</summary>
    public async Task<string> ShowsAnotherCodeAsync(string before)
    {
        await Expect(Code).Not.ToHaveAttributeAsync("src", before);
        return await ShowsCodeAsync();
    }

    public Task PressAsync(string button) => Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    public async Task SeesAsync(string text) => await Expect(Page.GetByText(text).First).ToBeVisibleAsync();

    /// <summary>What a photograph of the screen shows, as PNG.</summary>
    public Task<byte[]> PhotographAsync() => Page.ScreenshotAsync();
}
