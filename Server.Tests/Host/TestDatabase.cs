using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Npgsql;
using QrLogin.Server.Storage;
using Testcontainers.PostgreSql;

namespace QrLogin.Server.Tests.Host;

/// <summary>
/// Real PostgreSQL for the tests: <c>$QRLOGIN_TEST_DB</c> if set, else a container if a Docker engine answers, else the private cluster
/// of scripts/postgres. Each run makes databases of its own and drops them.
/// </summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly List<string> databases = [];
    private readonly string cluster = Environment.GetEnvironmentVariable("QRLOGIN_TEST_CLUSTER") ?? $"test-{Environment.ProcessId}";
    private PostgreSqlContainer? container;
    private string? privateCluster;
    private string server = "";

    public static string Root { get; } = FindRoot();

    public static async Task<TestDatabase> StartAsync()
    {
        var test = new TestDatabase();
        test.server = Environment.GetEnvironmentVariable("QRLOGIN_TEST_DB") is { Length: > 0 } given ? given
            : await test.TryContainerAsync() ?? (test.privateCluster = Script("start", test.cluster));
        var place = test.container is { } container ? $"container {container.Name}"
            : test.privateCluster is null ? "$QRLOGIN_TEST_DB" : "private cluster";
        await TestContext.Progress.WriteLineAsync($"PostgreSQL: {place}");
        if (test.HasOwnLog)
        {
            await test.ExecuteAsync($"alter system set log_line_prefix = '%a{LogSeparator}'");
            await test.ExecuteAsync("select pg_reload_conf()");
        }

        return test;
    }

    /// <summary>Between the application's name and what is said of it; further lines of it begin with a tab.</summary>
    public const char LogSeparator = '|';

    /// <summary>Whether nobody else writes to PostgreSQL's log: not where <c>$QRLOGIN_TEST_DB</c> is used.</summary>
    public bool HasOwnLog => container is not null || privateCluster is not null;

    /// <summary>PostgreSQL's log, every statement with its parameters.</summary>
    public async Task<IEnumerable<string>> LogAsync()
    {
        if (container is not null)
        {
            var (output, errors) = await container.GetLogsAsync(timestampsEnabled: false);
            return $"{output}\n{errors}".Split('\n');
        }

        await using var connection = new NpgsqlConnection(ConnectionString.Parse(server).ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("show data_directory", connection);
        return File.ReadLines(Path.Combine((string)(await command.ExecuteScalarAsync())!, "..", "log"));
    }

    /// <summary>A new database with today's schema.</summary>
    /// <returns>Its owner's connection string.</returns>
    public async Task<string> CreateAsync()
    {
        var name = $"qrlogin_test_{Guid.NewGuid():N}";
        await ExecuteAsync($"create database {name} encoding 'UTF8' template template0");
        databases.Add(name);
        if (HasOwnLog)
        {
            // As bad as an operator may set it; the database's own settings need no restart.
            await ExecuteAsync($"alter database {name} set log_statement = 'all'");
            await ExecuteAsync($"alter database {name} set log_parameter_max_length_on_error = -1");
        }

        return Migrated(server, name);
    }

    /// <summary>The same on another server, which is not cleaned up here.</summary>
    public static async Task<string> CreateOnAsync(string server)
    {
        const string name = "qrlogin_test";
        await ExecuteAsync(server, $"create database {name} encoding 'UTF8' template template0");
        return Migrated(server, name);
    }

    private static string Migrated(string server, string name)
    {
        var builder = ConnectionString.Parse(server);
        builder.Database = name;
        builder.MaxPoolSize = 60;
        builder.GssEncryptionMode = GssEncryptionMode.Disable;
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create<string, string?>("ConnectionStrings:QrLogin", builder.ConnectionString)]).Build();
        Assert.That(Migrations.Run(configuration), Is.Zero, "the migration's exit code");
        return builder.ConnectionString;
    }

    /// <summary>The same database with the rights that the server has in production.</summary>
    public static string AsServerRole(string owner)
    {
        var builder = new NpgsqlConnectionStringBuilder(owner) { Options = "-c role=qrlogin_server" };
        return builder.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        foreach (var database in databases)
        {
            await ExecuteAsync($"drop database {database} with (force)");
        }

        NpgsqlConnection.ClearAllPools();
        if (privateCluster is not null)
        {
            Script("remove", cluster);
        }

        if (container is not null)
        {
            await container.DisposeAsync();
        }
    }

    private async Task<string?> TryContainerAsync()
    {
        if (Environment.GetEnvironmentVariable("DOCKER_HOST") is null && !File.Exists("/var/run/docker.sock"))
        {
            return null;
        }

        try
        {
            container = new PostgreSqlBuilder("postgres:15").WithCommand("-c", "max_connections=200").Build();
            await container.StartAsync(new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token);
            return container.GetConnectionString();
        }
        catch (Exception e)
        {
            await TestContext.Progress.WriteLineAsync($"No container ({e.Message.Split('\n')[0]}); using the private cluster.");
            container = null;
            return null;
        }
    }

    private Task ExecuteAsync(string sql) => ExecuteAsync(server, sql);

    private static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(
            ConnectionString.Parse(server).ConnectionString + ";Pooling=false;Command Timeout=30");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>scripts/postgres.</summary>
    /// <returns>What it printed.</returns>
    public static string Script(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Root, "scripts", "postgres"), arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, $"scripts/postgres {string.Join(' ', arguments)}");
        return output;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "QrLogin.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests run outside of the repository.");
        }

        return folder.FullName;
    }
}
