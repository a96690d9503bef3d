using System.Diagnostics;
using Npgsql;

namespace QrLogin.Server.Tests.Host;

/// <summary>A PostgreSQL that a test may freeze, kill and start again: a private cluster of its own. Not for concurrent use.</summary>
internal sealed class OwnPostgres : IAsyncDisposable
{
    private readonly string cluster = $"fault-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}";
    private string url = "";
    private string data = "";

    /// <summary>The owner's connection string of a database with today's schema.</summary>
    public string Database { get; private set; } = "";

    public static async Task<OwnPostgres> StartAsync()
    {
        var postgres = new OwnPostgres();
        postgres.url = TestDatabase.Script("start", postgres.cluster);
        postgres.Database = await TestDatabase.CreateOnAsync(postgres.url);
        await using var connection = new NpgsqlConnection(postgres.Database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("show data_directory", connection);
        postgres.data = (string)(await command.ExecuteScalarAsync())!;
        return postgres;
    }

    /// <summary>Every process of it stands still until <see cref="GoOn"/>.</summary>
    public void Freeze() => Signal("STOP", [Postmaster, .. Backends()]);

    public void GoOn() => Signal("CONT", [.. Backends(), Postmaster]);

    /// <summary>The power is cut.</summary>
    public void Kill() => Signal("KILL", [Postmaster, .. Backends()]);

    /// <summary>After a kill, on the same port.</summary>
    public void StartAgain() => TestDatabase.Script(
        "start", cluster, $"{new NpgsqlConnectionStringBuilder(Database).Port}");

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        TestDatabase.Script("remove", cluster);
        await Task.CompletedTask;
    }

    private int Postmaster => int.Parse(File.ReadLines(Path.Combine(data, "postmaster.pid")).First(), null);

    private int[] Backends()
    {
        using var ps = Process.Start(new ProcessStartInfo("pgrep", ["-P", $"{Postmaster}"]) { RedirectStandardOutput = true })!;
        return [.. ps.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(each => int.Parse(each, null))];
    }

    private static void Signal(string signal, int[] processes)
    {
        using var kill = Process.Start("kill", [$"-{signal}", .. processes.Select(each => $"{each}")]);
        kill.WaitForExit();
    }
}
