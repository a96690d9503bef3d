using System.Collections.Concurrent;
using Microsoft.Playwright;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Pages;

/// <summary>
/// This machine's Chromium, headless, driven by Playwright: one for all screens, and one for each camera. It starts with the first test
/// that wants it. Without one a desk skips the test and CI fails it. Any thread may ask.
/// </summary>
internal static class Chromium
{
    /// <summary>In milliseconds: how long a page may take to do or show something.</summary>
    public const float Patience = 30_000;

    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];
    private static readonly Lazy<Task<IPlaywright>> Driver = new(StartDriverAsync);
    private static readonly Lazy<Task<IBrowser>> Shared = new(() => LaunchAsync([]));
    private static readonly ConcurrentBag<IBrowser> Launched = [];

    /// <summary>The one for all that need no camera.</summary>
    public static Task<IBrowser> SharedAsync()
    {
        RequireProgram();
        return Shared.Value;
    }

    /// <summary>One with a camera that shows a film over and over. It is read when a page opens the camera: it may be shot later.</summary>
    /// <param name="isAllowed">Whether pages may use it; otherwise each is refused.</param>
    public static Task<IBrowser> LaunchWithCameraAsync(Film film, bool isAllowed = true)
    {
        RequireProgram();
        return LaunchAsync(
        [
            $"--use-fake-ui-for-media-stream{(isAllowed ? "" : "=deny")}", "--use-fake-device-for-media-stream",
            $"--use-file-for-fake-video-capture={film.Path}",
        ]);
    }

    /// <summary>Ends them all.</summary>
    public static async Task EndAsync()
    {
        foreach (var browser in Launched)
        {
            await browser.CloseAsync();
        }

        if (Driver.IsValueCreated)
        {
            (await Driver.Value).Dispose();
        }
    }

    private static async Task<IPlaywright> StartDriverAsync()
    {
        Assertions.SetDefaultExpectTimeout(Patience);
        return await Playwright.CreateAsync();
    }

    private static async Task<IBrowser> LaunchAsync(string[] flags)
    {
        var browser = await (await Driver.Value).Chromium.LaunchAsync(new()
        {
            ExecutablePath = FindProgram(),
            Timeout = 2 * Patience, // the first start of a busy machine
            Args = ["--disable-gpu", .. flags],
        });
        Launched.Add(browser);
        return browser;
    }

    private static void RequireProgram()
    {
        const string Missing = "Chromium is missing (Debian: apt-get install chromium; elsewhere: name it in QRLOGIN_CHROMIUM).";
        if (FindProgram() is null && Tool.IsCi)
        {
            Assert.Fail(Missing);
        }
        else if (FindProgram() is null)
        {
            Assert.Ignore(Missing);
        }
    }

    private static string? FindProgram() => Environment.GetEnvironmentVariable("QRLOGIN_CHROMIUM") is { Length: > 0 } named ? named
        : (from name in Names
           from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
           let program = Path.Combine(folder, name)
           where File.Exists(program)
           select program).FirstOrDefault();
}
