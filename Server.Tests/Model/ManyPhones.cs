using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Model;

/// <summary>A server for tests whose many phones all call from one address, which must not be refused for that.</summary>
[SetUpFixture]
internal sealed class ManyPhones
{
    /// <summary>Raised, as <see cref="TestServer"/> raises what counts by address; those of attempts are part of the model.</summary>
    private static readonly Dictionary<string, string> Settings = new() { ["Limits:SignInFailuresPerMinute"] = "1000" };

    private static TestServer? server;

    public static TestServer Server => server ?? throw new InvalidOperationException("The tests have not begun.");

    [OneTimeSetUp]
    public static void Begin() => server = new TestServer(World.Database, Settings);

    [OneTimeTearDown]
    public static async Task End()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }
}
