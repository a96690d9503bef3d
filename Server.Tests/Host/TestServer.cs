using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace QrLogin.Server.Tests.Host;

/// <summary>
/// The real server on real Kestrel, on a port of loopback, against a real database. A page in a browser needs a server that knows the
/// address it is opened at: one that was given its port.
/// </summary>
internal sealed class TestServer : WebApplicationFactory<Program>, IRunningServer
{
    /// <summary>What a server without a given port is told its pages' origin is; the port that it listens on is another.</summary>
    public const string Origin = "http://localhost:8080";

    /// <summary>All tests call from one address, and are refused often: what counts by address is wide, unless it is set.</summary>
    private static readonly string[] ByAddress = ["IdentifyMissesPerMinute", "RedeemFailuresPerMinute"];

    private readonly Dictionary<string, string> settings;
    private readonly Action<IServiceCollection>? configure;

    /// <param name="database">A database URL.</param>
    /// <param name="settings">Configuration keys and values.</param>
    /// <param name="port">Its port and its pages' origin, such as a <see cref="FreePort"/>; 0 is any free one.</param>
    /// <param name="configure">What no setting changes, such as the framework's own clockwork.</param>
    public TestServer(
        string database, Dictionary<string, string>? settings = null, int port = 0, Action<IServiceCollection>? configure = null)
    {
        this.configure = configure;
        PublicOrigin = settings?.GetValueOrDefault(nameof(PublicOrigin)) ?? (port == 0 ? Origin : $"http://localhost:{port}");
        this.settings = new Dictionary<string, string>(settings ?? [])
        {
            ["ConnectionStrings:QrLogin"] = TestDatabase.AsServerRole(database),
        };
        Array.ForEach(ByAddress, limit => this.settings.TryAdd($"Limits:{limit}", "1000000"));
        if (port != 0)
        {
            this.settings["PublicOrigin"] = PublicOrigin;
        }

        // Its address is a setting: the factory's own UseKestrel(port) sets it while the server may have started already.
        this.settings["urls"] = port == 0 ? "http://127.0.0.1:0" : PublicOrigin;
        UseKestrel();
        StartServer();
        Address = new Uri(Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public Uri Address { get; }

    /// <summary>What this server is told its pages' origin is.</summary>
    public string PublicOrigin { get; }

    /// <summary>A port that nothing listens on; none that the system gives to clients, so that a restarted server gets it again.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 20_000);
            try
            {
                using var listener = TcpListener.Create(port); // both IPv4's and IPv6's, where there are both
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // taken
            }
        }
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }

        if (configure is not null)
        {
            builder.ConfigureServices(configure);
        }

        if (!settings.ContainsKey(ServerLog.Level)) // else the test reads the console
        {
            // As settings, they would come with empty values for the sections that they are in.
            builder.ConfigureAppConfiguration((_, configuration) => configuration.AddInMemoryCollection(ServerLog.Settings()));
        }
    }
}
