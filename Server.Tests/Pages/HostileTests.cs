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

    [TestCase("/", "", "()")]
    [TestCase("/phone", " 'wasm-unsafe-eval'; manifest-src 'self'", "(self)")]
    [TestCase("/q", " 'wasm-unsafe-eval'; manifest-src 'self'", "(self)")]
    [TestCase("/PHONE.HTML", " 'wasm-unsafe-eval'; manifest-src 'self'", "(self)")]
    public async Task A_page_may_do_what_it_needs_and_no_more(string path, string more, string camera)
    {
        using var http = new HttpClient { BaseAddress = Server.Address };
        var page = await http.CallAsync(HttpMethod.Get, path);
        if (page.Status == 404 && path.EndsWith(".HTML", StringComparison.Ordinal))
        {
            return; // the disk tells capitals apart
        }

        Assert.That(page.Header("Content-Security-Policy"), Is.EqualTo(
            $"default-src 'none'; script-src 'self'{more}; style-src 'self'; img-src 'self' data:; "
            + $"connect-src 'self' ws{Origin[4..]}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            + "require-trusted-types-for 'script'"));
        Assert.That(page.Header("Permissions-Policy"), Is.EqualTo($"camera={camera}, microphone=(), geolocation=()"));
        Assert.That(page.Header("Cross-Origin-Opener-Policy"), Is.EqualTo("same-origin"));
        Assert.That(page.Header("X-Content-Type-Options"), Is.EqualTo("nosniff"));
        Assert.That(page.Header("Referrer-Policy"), Is.EqualTo("no-referrer"));
        Assert.That(page.Header("Cache-Control"), Is.EqualTo("no-cache"));
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
              try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.ran = true">'); } catch {}
              const policy = trustedTypes.createPolicy('test', { createScript: (text) => text });
              const script = document.createElement('script');
              script.textContent = policy.createScript('window.ran = true');
              document.head.append(script); // it would run here and now
              return window.ran === true;
            }
            """);
        Assert.That(ran, Is.False);
        await screen.ListenAsync();
        Assert.That(screen.Heard, Has.Some.Match(refusal));
    }
}
