using Microsoft.Playwright;
using NUnit.Framework.Interfaces;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Pages;

/// <summary>
/// A test in which people look at pages, each in a browser profile of their own. At its end every screen must have been quiet
/// (<see cref="Ears"/>). One instance a test, on one thread; the tests run beside each other.
/// </summary>
internal abstract class PageTest
{
    private readonly List<Screen> screens = [];
    private readonly List<IBrowser> cameras = [];

    protected static TestServer Server => Stage.Server;

    /// <summary>Opens a page in a new profile: nobody is signed in there.</summary>
    /// <param name="path">From the server's origin on, or a whole address.</param>
    protected async Task<Screen> OpenAsync(string path, ScreenOptions? options = null)
    {
        options ??= new ScreenOptions();
        var browser = options.Camera is { } film
            ? await Chromium.LaunchWithCameraAsync(film, options.MayUseCamera) : await Chromium.SharedAsync();
        if (options.Camera is not null)
        {
            cameras.Add(browser);
        }

        var profile = await browser.NewContextAsync(new()
        {
            BaseURL = (options.Server ?? Server).PublicOrigin,
            ViewportSize = new() { Width = options.Width, Height = options.Height },
            ColorScheme = options.Scheme,
            UserAgent = options.UserAgent,
            Locale = options.Locale,
            IgnoreHTTPSErrors = options.TrustsAnyCertificate,
        });
        profile.SetDefaultTimeout(Chromium.Patience);
        if (options.WithClock)
        {
            await profile.Clock.InstallAsync();
        }

        var ears = new Ears(profile);
        return await OpenAsync(path, profile, ears, options.Scheme);
    }

    /// <summary>Opens another tab of the same browser profile.</summary>
    protected Task<Screen> OpenTabAsync(Screen beside, string path) => OpenAsync(path, beside.Page.Context, beside.Ears, beside.Scheme);

    [TearDown]
    public async Task CloseScreens()
    {
        try
        {
            await Task.WhenAll(screens.Select(screen => screen.ListenAsync()));
            if (TestContext.CurrentContext.Result.Outcome.Status == TestStatus.Failed)
            {
                await ShowFailureAsync();
            }

            Assert.That(screens.SelectMany(screen => screen.Ears.Complaints).Distinct(), Is.Empty, "what the browsers complained of");
        }
        finally
        {
            foreach (var profile in screens.Select(screen => screen.Page.Context).Distinct())
            {
                await profile.CloseAsync();
            }

            foreach (var camera in cameras)
            {
                await camera.CloseAsync();
            }
        }
    }

    private async Task<Screen> OpenAsync(string path, IBrowserContext profile, Ears ears, ColorScheme scheme)
    {
        var screen = new Screen(await profile.NewPageAsync(), ears, scheme);
        screens.Add(screen);
        await screen.Page.GotoAsync(path);
        return screen;
    }

    private async Task ShowFailureAsync()
    {
        foreach (var (i, screen) in screens.Where(screen => !screen.Page.IsClosed).Index())
        {
            var test = string.Concat(TestContext.CurrentContext.Test.Name.Split(Path.GetInvalidFileNameChars()));
            var file = Path.Combine(TestDatabase.Root, "Server.Tests", "TestResults", "Failures", $"{test}-{i + 1}.png");
            await screen.ShootAsync(file);
            TestContext.AddTestAttachment(file);
        }
    }
}
