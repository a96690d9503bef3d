using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The phone's page as its user sees and presses it. One test, one thread.</summary>
internal sealed class PhonePage(Screen screen)
{
    public Screen Screen => screen;

    public IPage Page => screen.Page;

    public async Task AskAsync(string number)
    {
        await Page.GetByLabel("Phone number").FillAsync(number);
        await PressAsync("Sign in");
    }

    /// <summary>The attempt is open, and the code can be scanned.</summary>
    public Task ScansAsync() => SeesAsync("Scan the code on your computer");

    /// <summary>Takes a photo of it, or chooses one.</summary>
    public Task PhotographAsync(byte[] picture) => Page.GetByLabel("Take or choose a photo").SetInputFilesAsync(
        new FilePayload { Name = "photo.png", MimeType = "image/png", Buffer = picture });

    /// <summary>The server gets the call, and the page its answer only when it is let go.</summary>
    public async Task<Held> HoldAnswerAsync(string call)
    {
        var held = new Held();
        await Page.RouteAsync($"**/api/login/{call}", async route =>
        {
            var answer = await route.FetchAsync();
            await held.StopAsync();
            await route.FulfillAsync(new() { Response = answer });
        });
        return held;
    }

    /// <summary>The server gets the call only when it is let go.</summary>
    public async Task<Held> HoldCallAsync(string call)
    {
        var held = new Held();
        await Page.RouteAsync($"**/api/login/{call}", async route =>
        {
            await held.StopAsync();
            await route.ContinueAsync();
        });
        return held;
    }

    public Task PressAsync(string button) => Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    public async Task SeesAsync(string text) => await Expect(Page.GetByText(text).First).ToBeVisibleAsync();
}
