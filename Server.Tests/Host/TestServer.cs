using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace QrLogin.Server.Tests.Host;

/// <summary>The real server on real Kestrel, on a free port of loopback, against a real database.</summary>
internal sealed class TestServer : WebApplicationFactory<Program>
{
    /// <summary>What the server is told its pages' origin is; the port that it listens on is another.</summary>
    public const string Origin = "http://localhost:8080";

    private readonly Dictionary<string, string> settings;

    /// <param name="database">A database URL.</param>
    /// <param name="settings">Configuration keys and values.</param>
    public TestServer(string database, Dictionary<string, string>? settings = null)
    {
        this.settings = new Dictionary<string, string>(settings ?? [])
        {
            ["ConnectionStrings:QrLogin"] = TestDatabase.AsServerRole(database),
            ["Serilog:MinimumLevel:Default"] = Environment.GetEnvironmentVariable("QRLOGIN_TEST_LOG") ?? "Error",
        };
        UseKestrel(0);
        StartServer();
        Address = new Uri(Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public Uri Address { get; }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }
    }
}
