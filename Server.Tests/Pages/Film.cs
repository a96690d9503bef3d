using Microsoft.Playwright;

namespace QrLogin.Server.Tests.Pages;

/// <summary>What a camera sees: the last page that was shot. One test, one thread; its file goes with it.</summary>
internal sealed class Film : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("qrlogin-film-").FullName;

    /// <summary>JPEG frames, one after another; there is none until a page is shot.</summary>
    public string Path => System.IO.Path.Combine(folder, "film.mjpeg");

    /// <summary>As a camera in front of the screen sees the page, 1280 by 720; the page has its size again afterwards.</summary>
    public async Task ShootAsync(IPage page)
    {
        var size = page.ViewportSize!;
        await page.SetViewportSizeAsync(1280, 720);
        var next = Path + ".next";
        await page.ScreenshotAsync(new() { Path = next, Type = ScreenshotType.Jpeg, Quality = 95 });
        File.Move(next, Path, overwrite: true);
        await page.SetViewportSizeAsync(size.Width, size.Height);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
