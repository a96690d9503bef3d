using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Pages;

/// <summary>What the page tests share: a server whose pages' origin is its address. The first to ask begins it; any thread may.</summary>
[SetUpFixture]
internal sealed class Stage
{
    private static readonly Lazy<TestServer> Shared = new(() => new TestServer(World.Database, port: TestServer.FreePort()));

    public static TestServer Server => Shared.Value;

    [OneTimeTearDown]
    public static async Task End()
    {
        await Chromium.EndAsync();
        await TestContext.Progress.WriteLineAsync(Accessibility.Report());
        if (Shared.IsValueCreated)
        {
            await Shared.Value.DisposeAsync();
        }
    }
}
