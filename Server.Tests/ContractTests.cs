using System.Diagnostics;
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

        await RunAsync("npm", ["ci"], folder, [], isNeeded: Environment.GetEnvironmentVariable("CI") == "true");
        await RunAsync("node", ["--test"], folder, new()
        {
            ["QRLOGIN_URL"] = server.Address.ToString().TrimEnd('/'),
            ["QRLOGIN_ORIGIN"] = TestServer.Origin,
            ["QRLOGIN_A_SECOND"] = "10000", // these machines are shared and noisy; what arrives at all arrives at once
            ["QRLOGIN_PSQL"] = $"postgresql://{database.Username}:{Uri.EscapeDataString(database.Password ?? "")}"
                + $"@{database.Host}:{database.Port}/{database.Database}",
        });
    }

    private static async Task RunAsync(
        string program, string[] arguments, string folder, Dictionary<string, string> environment, bool isNeeded = true)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            await TestContext.Out.WriteLineAsync(string.Join('\n', output.Split('\n').TakeLast(12)));
            if (process.ExitCode != 0 && !isNeeded)
            {
                Assert.Ignore($"{program} {string.Join(' ', arguments)} failed, perhaps for want of a network: {await errors}");
            }

            Assert.That(process.ExitCode, Is.Zero, $"{output}\n{await errors}");
        }
        catch (System.ComponentModel.Win32Exception) when (Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Ignore($"{program} is missing (Debian: apt-get install nodejs npm).");
        }
    }
}
