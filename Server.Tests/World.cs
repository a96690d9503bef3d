using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Descriptions;
using QrLogin.Server.Tests.Host;
using QrLogin.Server.Tests.Oidc;

[assembly: Parallelizable(ParallelScope.All)]
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]

namespace QrLogin.Server.Tests;

/// <summary>What most tests share: one database, one server. Each test makes accounts and phones of its own.</summary>
[SetUpFixture]
internal sealed class World
{
    private static TestDatabase? postgres;
    private static TestServer? server;

    public static TestServer Server => server ?? throw new InvalidOperationException("The tests have not begun.");

    public static Admin Admin { get; private set; } = null!;

    public static TestDatabase Postgres => postgres ?? throw new InvalidOperationException("The tests have not begun.");

    /// <summary>The owner's connection string.</summary>
    public static string Database { get; private set; } = null!;

    /// <summary>One that no other test uses, as a URL; its owner's. It is dropped at the end.</summary>
    public static async Task<string> NewDatabaseAsync()
    {
        var owner = new NpgsqlConnectionStringBuilder(await postgres!.CreateAsync());
        return $"postgresql://{owner.Username}:{Uri.EscapeDataString(owner.Password ?? "")}@{owner.Host}:{owner.Port}/{owner.Database}";
    }

    [OneTimeSetUp]
    public static async Task Begin()
    {
        postgres = await TestDatabase.StartAsync();
        Database = await postgres.CreateAsync();
        Admin = new Admin(Database);
        server = new TestServer(Database);
        await Described.ReadAsync(Database);
    }

    [OneTimeTearDown]
    public static async Task End()
    {
        await OidcStage.EndAsync();
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        if (postgres is not null)
        {
            await Admin.DisposeAsync();
            await postgres.DisposeAsync();
        }

        ServerLog.Delete();
    }
}
