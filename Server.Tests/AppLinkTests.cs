using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>What Android and Apple's systems are told of the site's own apps, and how a wrong configuration is refused.</summary>
internal sealed class AppLinkTests
{
    private const string Fingerprint =
        "14:6D:E9:83:C5:73:06:50:D8:EE:B9:95:2F:34:FC:64:16:A0:83:42:E6:1D:BE:A8:8A:04:96:B2:3F:CF:44:E5";

    private const string Android = "/.well-known/assetlinks.json";
    private const string Apple = "/.well-known/apple-app-site-association";

    [Test]
    public async Task The_systems_are_told_that_q_and_only_q_opens_the_sites_apps()
    {
        using var server = new TestServer(World.Database, new()
        {
            ["Apps:Android:0:Package"] = "com.example.app",
            ["Apps:Android:0:Fingerprints:0"] = Fingerprint,
            ["Apps:Android:1:Package"] = "com.example.app.beta",
            ["Apps:Android:1:Fingerprints:0"] = Fingerprint,
            ["Apps:Apple:0"] = "ABCDE12345.com.example.app",
            ["Apps:Apple:1"] = "ABCDE12345.com.example.app-2",
        });

        await AssertSaysAsync(server, Android, $"[{Statement("com.example.app")},{Statement("com.example.app.beta")}]");
        await AssertSaysAsync(server, Apple, """
            {"applinks":{"details":[{"appIDs":["ABCDE12345.com.example.app","ABCDE12345.com.example.app-2"],"components":[{"/":"/q"}]}]}}
            """);
    }

    [TestCase(Android)]
    [TestCase(Apple)]
    public async Task A_site_without_apps_tells_of_none(string path)
    {
        var answer = await GetAsync(World.Server, path);
        Assert.That((answer.Status, answer.Code, answer.Header("Cache-Control")), Is.EqualTo((404, "not_found", "no-store")));
    }

    [TestCase("Android:0:Package", "com.example.app", null)]
    [TestCase("Android:0:Package", "com.Example.app_2", null)]
    [TestCase("Android:0:Package", "example", "not an app's package name")]
    [TestCase("Android:0:Package", "com.1example", "not an app's package name")]
    [TestCase("Android:0:Package", "com.example.äpp", "not an app's package name")]
    [TestCase("Android:0:Package", "com.example.app.", "not an app's package name")]
    [TestCase("Android:0:Fingerprints:0", "", "not a SHA-256 fingerprint")]
    [TestCase("Android:0:Fingerprints:1", "14:6d:e9", "not a SHA-256 fingerprint")]
    [TestCase("Android:0:Fingerprints:1", Fingerprint + ":00", "not a SHA-256 fingerprint")]
    [TestCase("Apple:0", "ABCDE12345.com.example.app-2", null)]
    [TestCase("Apple:0", "com.example.app", "not an application identifier")]
    [TestCase("Apple:0", "ABCDE12345", "not an application identifier")]
    [TestCase("Apple:0", "ABCDE12345.com.example.*", "not an application identifier")]
    [TestCase("Apple", "ABCDE12345.com.example.app", "no key")]
    [TestCase("Android:Package", "com.example.app", "no key")]
    [TestCase("Andriod:0:Package", "com.example.app", "no key")]
    [TestCase("Android:0:Fingerprints", Fingerprint, "no key")]
    public void A_wrong_app_is_named(string key, string value, string? fault)
    {
        var result = Check(new()
        {
            ["Apps:Android:0:Package"] = "com.example.app",
            ["Apps:Android:0:Fingerprints:0"] = Fingerprint,
            [$"Apps:{key}"] = value,
        });
        Assert.That(result.Succeeded, Is.EqualTo(fault is null), result.FailureMessage);
        if (fault is not null)
        {
            Assert.That(result.Failures, Has.One.Items);
            Assert.That(result.FailureMessage, Does.StartWith($"Apps:{key} (environment variable Apps__{key.Replace(":", "__")}): ")
                .And.Contain(fault));
        }
    }

    [Test]
    public void An_android_app_has_a_name_and_a_fingerprint_and_is_named_once()
    {
        var result = Check(new()
        {
            ["Apps:Android:0:Package"] = "com.example.app",
            ["Apps:Android:0:Fingerprints:0"] = Fingerprint,
            ["Apps:Android:1:Package"] = "com.example.app",
            ["Apps:Android:2:Fingerprints:0"] = Fingerprint,
        });
        Assert.That(result.Failures!.Select(fault => fault.Split(' ')[0]), Is.EquivalentTo(
            ["Apps:Android:1:Fingerprints:0", "Apps:Android:1:Package", "Apps:Android:2:Package"]));
    }

    /// <summary>As developer.android.com/training/app-links/configure-assetlinks shows it.</summary>
    private static string Statement(string package) => $$"""
        {
          "relation": ["delegate_permission/common.handle_all_urls"],
          "target": { "namespace": "android_app", "package_name": "{{package}}", "sha256_cert_fingerprints": ["{{Fingerprint}}"] },
          "relation_extensions": {
            "delegate_permission/common.handle_all_urls": { "dynamic_app_link_components": [{ "/": "/q" }] }
          }
        }
        """;

    private static ValidateOptionsResult Check(Dictionary<string, string?> settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        var apps = configuration.GetSection(AppOptions.Section).Get<AppOptions>() ?? new AppOptions();
        return new AppOptionsCheck(configuration).Validate(null, apps);
    }

    private static async Task AssertSaysAsync(TestServer server, string path, string json)
    {
        var answer = await GetAsync(server, path);
        Assert.That(
            (answer.Status, answer.Header("Content-Type"), answer.Header("Cache-Control")),
            Is.EqualTo((200, "application/json", "public, max-age=3600")));
        Assert.That(JsonNode.DeepEquals(answer.Body, JsonNode.Parse(json)), answer.Text);
    }

    /// <summary>As the systems' own fetchers do, which follow no redirect.</summary>
    private static async Task<Answer> GetAsync(TestServer server, string path)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = server.Address };
        return await http.CallAsync(HttpMethod.Get, path);
    }
}
