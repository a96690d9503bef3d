using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Oidc;

/// <summary>
/// What these tests share: a provider, and a server that sends its users there. The first to ask begins them; any thread may.
/// </summary>
internal static class OidcStage
{
    /// <summary>What this site calls the provider.</summary>
    public const string Name = "example";

    private static readonly Lazy<Provider> SharedProvider = new(() => Task.Run(Provider.StartAsync).Result);
    private static readonly Lazy<TestServer> SharedServer = new(() => Task.Run(() => ServerAsync(Provider)).Result);

    public static Provider Provider => SharedProvider.Value;

    public static TestServer Server => SharedServer.Value;

    /// <summary>The account that a person of the provider has here.</summary>
    public static Account AccountOf(Person person) => new($"oidc.{Name}/{person.Subject}", "");

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

    /// <summary>Ends what has begun.</summary>
    public static async Task EndAsync()
    {
        if (SharedServer.IsValueCreated)
        {
            await Server.DisposeAsync();
        }

        if (SharedProvider.IsValueCreated)
        {
            await Provider.DisposeAsync();
        }
    }
}
