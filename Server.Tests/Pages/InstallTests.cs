using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Playwright;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The phone's page can be put on the home screen and opened from there like an app.</summary>
internal sealed class InstallTests : PageScene
{
    private const string Ground = "#f4f6fb";
    private const string DarkGround = "#10141d";
    private const int MaxIconBytes = 20_000;

    [Test]
    public async Task The_phones_page_is_found_installable()
    {
        var phone = await OpenPhoneAsync();
        var session = await phone.Page.Context.NewCDPSessionAsync(phone.Page);

        var manifest = await session.SendAsync("Page.getAppManifest");
        Assert.That(manifest!.Value.GetProperty("url").GetString(), Is.EqualTo($"{Origin}/manifest.webmanifest"));
        Assert.That(manifest.Value.GetProperty("errors").EnumerateArray(), Is.Empty);

        // A test's profile is a private window, which offers no installation; that is all that stands against it.
        var errors = (await session.SendAsync("Page.getInstallabilityErrors"))!.Value.GetProperty("installabilityErrors");
        Assert.That(errors.EnumerateArray().Select(error => error.GetProperty("errorId").GetString()), Is.EqualTo(["in-incognito"]));
    }

    [Test]
    public async Task The_manifest_names_what_the_server_has()
    {
        using var http = new HttpClient { BaseAddress = Server.Address };
        using var answer = await http.GetAsync(new Uri("/manifest.webmanifest", UriKind.Relative));
        Assert.That(answer.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/manifest+json"));
        var manifest = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.That(manifest.GetProperty("start_url").GetString(), Is.EqualTo("/phone"));
        foreach (var icon in manifest.GetProperty("icons").EnumerateArray())
        {
            using var file = await http.GetAsync(new Uri(icon.GetProperty("src").GetString()!, UriKind.Relative));
            Assert.That(file.Content.Headers.ContentType!.MediaType, Is.EqualTo(icon.GetProperty("type").GetString()));
            var bytes = await file.Content.ReadAsByteArrayAsync();
            Assert.That(bytes, Has.Length.LessThan(MaxIconBytes));
            if (icon.GetProperty("type").GetString() == "image/png")
            {
                var width = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(16)); // of its header, PNG §11.2.1
                Assert.That(icon.GetProperty("sizes").GetString(), Is.EqualTo($"{width}x{width}"));
            }
        }
    }

    [TestCase("/", ColorScheme.Light, Ground)]
    [TestCase("/", ColorScheme.Dark, DarkGround)]
    [TestCase("/phone", ColorScheme.Light, Ground)]
    [TestCase("/phone", ColorScheme.Dark, DarkGround)]
    public async Task The_browsers_frame_has_the_colour_of_the_page(string path, ColorScheme scheme, string colour)
    {
        var screen = await OpenAsync(path, new() { Scheme = scheme });
        var theme = await screen.Page.EvaluateAsync<string>(
            "() => [...document.querySelectorAll('meta[name=theme-color]')].find((meta) => matchMedia(meta.media).matches).content");
        var ground = await screen.Page.EvaluateAsync<string>(
            """
            () => '#' + getComputedStyle(document.body).backgroundColor.match(/\d+/g)
              .map((part) => Number(part).toString(16).padStart(2, '0')).join('')
            """);
        Assert.That((theme, ground), Is.EqualTo((colour, colour)));
    }
}
