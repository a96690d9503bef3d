using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using QrLogin.Server.Tests.Host;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary><c>scripts/sample/run</c>: a shop that has a sign-in of its own, behind nginx with QrLogin. One test, one thread.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class SampleTests : PageTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3); // where nothing is built yet, on a busy machine

    private readonly StringBuilder said = new();
    private readonly int port = TestServer.FreePort();
    private Process? script;
    private string database = "";

    private string Origin => $"http://localhost:{port}";

    private string Said
    {
        get
        {
            lock (said)
            {
                return said.ToString();
            }
        }
    }

    [TearDown]
    public async Task Stop()
    {
        if (script is { HasExited: false })
        {
            using var kill = Process.Start("kill", ["-TERM", $"{script.Id}"]);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await script.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            script.Kill(entireProcessTree: true);
        }

        script?.Dispose();
    }

    [Test]
    public async Task The_shops_user_is_signed_in_on_a_phone_greeted_by_the_shops_api_and_signed_out_with_the_shop()
    {
        await LanTests.Turn.WaitAsync(); // it builds what is not built yet
        try
        {
            await StartAsync();
        }
        finally
        {
            LanTests.Turn.Release();
        }

        var screen = await OpenAsync("about:blank");
        screen.MayHear("status of 401"); // nobody is signed in
        await screen.Page.GotoAsync(Origin);
        await SignInAsync(screen);
        await screen.PictureAsync("sample-shop");

        var small = await OpenAsync($"{Origin}/shop/app.html", new() { Width = 390, Height = 844 });
        await Expect(small.Page.GetByRole(AriaRole.Status)).ToHaveTextAsync("You are not signed in on this phone.");
        await small.PictureAsync("sample-app-nobody");
        await small.Page.GetByText("Sign in by your computer").ClickAsync();
        var phone = new PhonePage(small);
        await phone.AskAsync(Regex.Match(Said, @"phone +(\+[0-9]+)").Groups[1].Value);
        await phone.ScansAsync();
        var computer = new ComputerPage(screen);
        await computer.ShowsCodeAsync();
        await screen.PictureAsync("sample-code");
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Bella");
        await small.Page.GotoAsync($"{Origin}/shop/app.html");
        await Expect(small.Page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Hello, Bella. Your kettle is on its way.");
        await small.PictureAsync("sample-app");

        var tab = await OpenTabAsync(screen, Origin);
        await Expect(tab.Page.Locator("qr-login")).ToHaveCountAsync(1);
        var kept = (await screen.Page.Context.CookiesAsync()).Single(each => each.Name == "shop");
        await screen.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(screen.Page.GetByLabel("Password")).ToBeVisibleAsync();
        await Expect(tab.Page.GetByLabel("Password")).ToBeVisibleAsync(); // its socket was closed with 4401
        await small.Page.ReloadAsync();
        await Expect(small.Page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Hello, Bella. Your kettle is on its way.");
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        http.DefaultRequestHeaders.Add("Cookie", $"shop={kept.Value}");
        Assert.That((int)(await http.GetAsync($"{Origin}/shop/me")).StatusCode, Is.EqualTo(401), "a cookie from before opens nothing");

        await SignInAsync(screen);
        await World.Admin.ExecuteAsync($"alter database {database} allow_connections false");
        await World.Admin.ExecuteAsync(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = @database", new { database });
        screen.MayHear("status of 503");
        await screen.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(screen.Page.Locator("#problem")).ToContainTextAsync("You are signed out of the shop. QrLogin does not answer");
        await Expect(screen.Page.GetByLabel("Password")).ToBeVisibleAsync();
        await screen.PictureAsync("sample-out-alone");
    }

    private async Task SignInAsync(Screen screen)
    {
        await screen.Page.GetByLabel("Name").FillAsync("bella");
        await screen.Page.GetByLabel("Password").FillAsync(Regex.Match(Said, @"password +(\S+)").Groups[1].Value);
        await screen.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(screen.Page.Locator("#greeting")).ToHaveTextAsync("Hello, Bella");
        await Expect(screen.Page.Locator("qr-login")).ToHaveCountAsync(1);
    }

    private async Task StartAsync()
    {
        if (!Tool.IsCi && !File.Exists("/usr/sbin/nginx"))
        {
            Assert.Ignore("nginx is missing (Debian: apt-get install nginx).");
        }

        var url = await World.NewDatabaseAsync();
        database = new Uri(url).AbsolutePath[1..];
        script = Process.Start(new ProcessStartInfo("bash", ["scripts/sample/run"])
        {
            WorkingDirectory = TestDatabase.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PORT"] = $"{port}", ["QRLOGIN_DB"] = url },
        })!;
        script.OutputDataReceived += (_, line) => Note(line.Data);
        script.ErrorDataReceived += (_, line) => Note(line.Data);
        script.BeginOutputReadLine();
        script.BeginErrorReadLine();
        using var patience = new CancellationTokenSource(Patience);
        while (!Said.Contains("Ctrl-C stops it.", StringComparison.Ordinal))
        {
            Assert.That(script.HasExited || patience.IsCancellationRequested, Is.False, Said);
            await Task.Delay(100);
        }
    }

    private void Note(string? line)
    {
        lock (said)
        {
            said.AppendLine(line);
        }
    }
}
