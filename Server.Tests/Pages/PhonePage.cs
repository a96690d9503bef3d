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

    /// <summary>Holds the answer to the next identify back until that is done.</summary>
    public Task AnsweredAfterAsync(Func<Task> done) => Page.RouteAsync("**/api/login/identify", async route =>
    {
        var answer = await route.FetchAsync();
        await done();
        await route.FulfillAsync(new() { Response = answer });
    });

    /// <summary>A code is read and sent; the answer is held back until that is done.</summary>
    public async Task ScansAndWaitsAsync(Func<Task> done)
    {
        var isDone = new TaskCompletionSource();
        await Page.RouteAsync("**/api/login/redeem", async route =>
        {
            var answer = await route.FetchAsync();
            await done();
            await route.FulfillAsync(new() { Response = answer });
            isDone.SetResult();
        });
        await isDone.Task;
    }

    public Task PressAsync(string button) => Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    public async Task SeesAsync(string text) => await Expect(Page.GetByText(text).First).ToBeVisibleAsync();
}
