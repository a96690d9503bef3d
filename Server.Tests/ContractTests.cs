using Npgsql;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>
/// A client in another language, written from PROTOCOL.md without a look at the server (<c>Server.Tests/Contract</c>): Node's own test
/// runner, <c>ws</c>, <c>psql</c> and <c>zbarimg</c>, against a server of its own.
/// </summary>
[NonParallelizable]
internal sealed class ContractTests
{
    [Test]
    public async Task A_client_written_from_the_protocol_alone_passes()
    {
        var folder = Path.Combine(TestDatabase.Root, "Server.Tests", "Contract");
        await using var server = new TestServer(World.Database);
        var database = new NpgsqlConnectionStringBuilder(World.Database);

        await Tool.FetchPackagesAsync(folder);
        await Tool.RunAsync("node", ["--test"], folder, new()
        {
            ["QRLOGIN_URL"] = server.Address.ToString().TrimEnd('/'),
            ["QRLOGIN_ORIGIN"] = TestServer.Origin,
            ["QRLOGIN_A_SECOND"] = "10000", // these machines are shared and noisy; what arrives at all arrives at once
            ["QRLOGIN_PATIENCE"] = "30000",
            ["QRLOGIN_PSQL"] = $"postgresql://{database.Username}:{Uri.EscapeDataString(database.Password ?? "")}"
                + $"@{database.Host}:{database.Port}/{database.Database}",
        });
    }
}
