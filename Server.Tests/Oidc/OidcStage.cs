using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Oidc;

/// <summary>What these tests share: a provider, and a server that sends its users there. Any thread may use it.</summary>
[SetUpFixture]
internal sealed class OidcStage
{
    /// <summary>The namespace of the provider's accounts.</summary>
    public const string Name = "example";

    public static Provider Provider { get; private set; } = null!;

    public static TestServer Server { get; private set; } = null!;

    [OneTimeSetUp]
    public static async Task Begin()
    {
        Provider = await Provider.StartAsync();
        Server = await ServerAsync(Provider);
    }

    /// <summary>The account that a person of the provider has here.</summary>
    public static Account AccountOf(Person person) => new($"{Name}/{person.Subject}", "");

    /// <summary>Another server.</summary>
    public static async Task<TestServer> ServerAsync(Provider provider, params (string Key, string Value)[] settings)
    {
        var port = TestServer.FreePort();
        var all = await provider.RegisterAsync($"http://localhost:{port}", Name);
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        all["Limits:OidcFailuresPerMinute"] = all.GetValueOrDefault("Limits:OidcFailuresPerMinute", "1000000");
        return new TestServer(World.Database, all, port);
    }

    [OneTimeTearDown]
    public static async Task End()
    {
        await Server.DisposeAsync();
        await Provider.DisposeAsync();
    }
}
