using QrLogin.Server.Tests.Actors;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>What others say of themselves is text on our pages, whatever they say.</summary>
internal sealed class HostileTests : PageScene
{
    [Test]
    public async Task A_device_name_is_text_and_nothing_else()
    {
        const string name = "<img src=x onerror=alert(1)> {code} \u202Egnol yrev\u0007 ${7*7}";
        var (computer, app) = await ReadyAsync();
        app.Device = new { name, platform = "</p><script>alert(2)</script>" };

        await app.IdentifyAsync();
        var code = await computer.ShowsCodeAsync();

        await Expect(computer.Dialog).ToContainTextAsync("<img src=x onerror=alert(1)> {code} gnol yrev ${7*7}");
        await Expect(computer.Dialog).ToContainTextAsync("</p><script>alert(2)</script>");
        await Expect(computer.Dialog.Locator("img")).ToHaveCountAsync(1);
        await computer.Screen.PictureAsync("hostile-device");

        await app.RedeemAsync(QrReader.TicketIn(code));
        await Expect(computer.Notices).ToContainTextAsync("<img src=x onerror=alert(1)>");
        await Expect(computer.Sessions).ToContainTextAsync("<img src=x onerror=alert(1)>");
        await Expect(computer.Notices.Locator("img, script")).ToHaveCountAsync(0);
        await Expect(computer.Sessions.Locator("img, script")).ToHaveCountAsync(0);
    }

    [Test]
    public async Task A_user_agent_is_text_and_nothing_else()
    {
        var computer = await OpenComputerAsync(new() { UserAgent = "<script>alert(1)</script> Firefox/1 \"><img src=x> Windows" });
        await computer.SignInAsync(await World.Admin.HasAccountAsync());
        await computer.ReadyAsync();
        await Expect(computer.Sessions).ToContainTextAsync("Firefox, Windows");
        await Expect(computer.Sessions.Locator("img, script")).ToHaveCountAsync(0);
    }

    [TestCase("/")]
    [TestCase("/phone")]
    public async Task A_script_that_got_into_the_page_would_not_run(string path)
    {
        const string refusal = "requires 'Trusted|Content Security Policy";
        var screen = await OpenAsync(path);
        screen.MayHear(refusal);
        var ran = await screen.Page.EvaluateAsync<bool>(
            """
            async () => {
              const script = document.createElement('script');
              try { script.textContent = 'window.ran = true'; } catch {}
              document.head.append(script);
              try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.ran = true">'); } catch {}
              await new Promise((resolve) => setTimeout(resolve, 200));
              return window.ran === true;
            }
            """);
        Assert.That(ran, Is.False);
        await screen.ListenAsync();
        Assert.That(screen.Heard, Has.Some.Match(refusal));
    }
}
