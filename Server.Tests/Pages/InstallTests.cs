using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using QrLogin.Server.Tests.Host;
using static Microsoft.Playwright.Assertions;

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

    [TestCase("en-US", "/manifest.webmanifest")]
    [TestCase("zh-CN", "/manifest.zh.webmanifest")]
    public async Task On_the_home_screen_it_has_its_name_in_the_users_language(string locale, string file)
    {
        var screen = await OpenAsync("/phone", new() { Locale = locale });
        await Expect(screen.Page.Locator("form.start")).ToBeVisibleAsync();
        await IsNamedAsync(file);
        await screen.Page.Locator("footer select").SelectOptionAsync("en");
        await Expect(screen.Page.Locator("html")).ToHaveAttributeAsync("lang", "en");
        await IsNamedAsync("/manifest.webmanifest");

        async Task IsNamedAsync(string path)
        {
            var session = await screen.Page.Context.NewCDPSessionAsync(screen.Page);
            var manifest = (await session.SendAsync("Page.getAppManifest"))!.Value;
            Assert.That(manifest.GetProperty("url").GetString(), Is.EqualTo(Origin + path));
            Assert.That(manifest.GetProperty("manifest").GetProperty("name").GetString(), Is.EqualTo(await screen.Page.TitleAsync()));
        }
    }

    [Test]
    public void The_manifests_differ_in_nothing_but_their_words()
    {
        JsonNode[] manifests = [.. Directory.GetFiles(Path.Combine(TestDatabase.Root, "Server", "wwwroot"), "*.webmanifest")
            .Select(file => JsonNode.Parse(File.ReadAllText(file))!)];
        Assert.That(manifests, Has.Length.EqualTo(2));
        foreach (var manifest in manifests)
        {
            foreach (var word in new[] { "name", "short_name", "description", "lang" })
            {
                Assert.That(manifest.AsObject().Remove(word), word);
            }

            Assert.That(JsonNode.DeepEquals(manifest, manifests[0]), manifest.ToString());
        }
    }

    [TestCase("/manifest.webmanifest")]
    [TestCase("/manifest.zh.webmanifest")]
    public async Task The_manifest_names_what_the_server_has(string path)
    {
        using var http = new HttpClient { BaseAddress = Server.Address };
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
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
