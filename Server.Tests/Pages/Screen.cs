using Microsoft.Playwright;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Pages;

/// <summary>
/// One page in somebody's browser. The test fails at its end if the browser complained of anything that was not announced. One test, one
/// thread.
/// </summary>
internal sealed class Screen(IPage page, Ears ears, ColorScheme scheme)
{
    /// <summary>What axe tries on the page, and the page's policy refuses: it comes from no file, as a style of ours would.</summary>
    public const string AxesOwnStyle = @"^error: Applying inline style violates .* \(:\d+:\d+\)$";

    private static readonly string Folder = Path.Combine(TestDatabase.Root, "Server.Tests", "TestResults", "Screens");

    public IPage Page => page;

    public Ears Ears => ears;

    public ColorScheme Scheme => scheme;

    /// <inheritdoc cref="Ears.Heard"/>
    public IReadOnlyCollection<string> Heard => ears.Heard;

    /// <inheritdoc cref="Ears.MayHear"/>
    public void MayHear(string pattern) => ears.MayHear(pattern);

    /// <summary>
    /// Pictures for people to look at: the whole page as it is now, on a desktop and a phone, light and dark, in
    /// <c>TestResults/Screens/{state}-{desktop|phone}-{light|dark}.png</c>; and on the way a look at its <see cref="Accessibility"/>. The
    /// page then has its size and colors again.
    /// </summary>
    public async Task PictureAsync(string state)
    {
        var before = page.ViewportSize!;
        foreach (var (device, width, height) in new[] { ("desktop", 1280, 800), ("phone", 390, 844) })
        {
            await page.SetViewportSizeAsync(width, height);
            foreach (var each in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await page.EmulateMediaAsync(new() { ColorScheme = each, ReducedMotion = ReducedMotion.Reduce });
                if ((device == "desktop") == (each == ColorScheme.Light))
                {
                    ears.MayHear(AxesOwnStyle);
                    await Accessibility.CheckAsync(page, $"{state}, {device}");
                }

                await ShootAsync(FileOf($"{state}-{device}-{(each == ColorScheme.Dark ? "dark" : "light")}"));
            }
        }

        await page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.NoPreference });
        await page.SetViewportSizeAsync(before.Width, before.Height);
    }

    /// <summary>Where a picture for people to look at belongs.</summary>
    public static string FileOf(string state) => Path.Combine(Folder, $"{state}.png");

    /// <summary>The whole page as it is now.</summary>
    public Task ShootAsync(string file) =>
        page.ScreenshotAsync(new() { Path = file, FullPage = true, Animations = ScreenshotAnimations.Disabled });

    /// <summary>Waits until all that the page has said so far is heard.</summary>
    public async Task ListenAsync()
    {
        try
        {
            await page.EvaluateAsync("0").WaitAsync(TimeSpan.FromSeconds(5));
        }
        catch (Exception e) when (e is PlaywrightException or TimeoutException)
        {
            // closed, or on its way to another page
        }
    }
}
