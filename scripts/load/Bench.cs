using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace QrLogin.Load;

/// <summary>What a login and an idle connection cost, each as a ratio to a limit that is measured in the same run.</summary>
internal sealed class Bench(string root, NpgsqlConnectionStringBuilder database, bool isQuick, Action<string> say)
{
    public const string Origin = "http://localhost:8080";
    private const int ServerPort = 18431;
    private const int EchoPort = 18432;
    private const int IdleConnections = 5000;
    private static readonly int[] Clients = [1, 16, 64];

    private readonly TimeSpan duration = TimeSpan.FromSeconds(isQuick ? 6 : 20);

    public async Task<Figures> RunAsync()
    {
        say($"Making {IdleConnections} accounts");
        var population = new Population(database.ConnectionString, IdleConnections);
        await population.MakeAsync();

        say($"Opening {IdleConnections} connections to a bare Kestrel echo WebSocket");
        var echo = await IdleAsync([typeof(Bench).Assembly.Location, "echo", $"{EchoPort}"], EchoPort);

        var serverDatabase = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = "-c role=qrlogin_server" };
        using var server = await MeasuredProcess.StartAsync(
            [Path.Combine(root, "Server/bin/Release/net10.0/QrLogin.Server.dll"), "--urls", Address(ServerPort).ToString()],
            new Uri(Address(ServerPort), "/healthz/ready"),
            ("ConnectionStrings__QrLogin", serverDatabase.ConnectionString), ("PublicOrigin", Origin));
        say($"Opening {IdleConnections} authenticated connections");
        using var pages = new Pages();
        var idle = await IdleAsync(server, pages, ServerPort);

        var rows = new List<LoginFigures>();
        var logins = new Logins(Address(ServerPort), pages, IdleConnections);
        var pgbench = new Pgbench(root, database, IdleConnections);
        await logins.RunAsync(4, TimeSpan.FromSeconds(4)); // the JIT, the pools, the prepared statements
        foreach (var clients in Clients)
        {
            say($"{clients} {(clients == 1 ? "phone" : "phones")} at a time, and pgbench with as many");
            rows.Add(await LoginsAsync(clients, population, server, logins, pgbench));
        }

        return new Figures(IdleConnections, idle, echo, [.. rows]);
    }

    private async Task<LoginFigures> LoginsAsync(int clients, Population population, MeasuredProcess server, Logins logins, Pgbench pgbench)
    {
        await population.ForgetAttemptsAsync();
        var (cpu, ownCpu, allocated) = (server.Cpu, OwnCpu(), (await server.ProbeAsync()).Allocated);
        var (count, seconds) = await logins.RunAsync(clients, duration);
        var (cpuAfter, ownCpuAfter, allocatedAfter) = (server.Cpu, OwnCpu(), (await server.ProbeAsync()).Allocated);
        if (await population.LoginsAsync() != count)
        {
            throw new InvalidOperationException($"{count} logins were counted, but PostgreSQL has {await population.LoginsAsync()}.");
        }

        await population.ForgetAttemptsAsync();
        return new LoginFigures(
            clients, count / seconds, await pgbench.RunAsync(clients, duration),
            (cpuAfter - cpu).TotalMilliseconds / count, (ownCpuAfter - ownCpu).TotalMilliseconds / count,
            (allocatedAfter - allocated) / 1024.0 / count);
    }

    private static async Task<IdleFigures> IdleAsync(string[] command, int port)
    {
        using var process = await MeasuredProcess.StartAsync(command, Address(port));
        using var pages = new Pages();
        return await IdleAsync(process, pages, port);
    }

    private static async Task<IdleFigures> IdleAsync(MeasuredProcess process, Pages pages, int port)
    {
        var before = await process.ProbeAsync();
        await pages.OpenAsync(Address(port), IdleConnections);
        var after = await process.ProbeAsync();
        return new IdleFigures(
            (after.Heap - before.Heap) / 1024.0 / IdleConnections,
            (after.Resident - before.Resident) / 1024.0 / IdleConnections);
    }

    private static Uri Address(int port) => new($"http://127.0.0.1:{port}");

    private static TimeSpan OwnCpu() => Process.GetCurrentProcess().TotalProcessorTime;
}

/// <param name="LoginsPerSecond">Whole ones: identify, code pushed and read, redeem.</param>
/// <param name="PgbenchPerSecond">The same statements by pgbench alone.</param>
/// <param name="ServerCpu">Milliseconds a login.</param>
/// <param name="LoadCpu">The load generator's own, milliseconds a login.</param>
/// <param name="Allocated">By the server, KiB a login.</param>
internal sealed record LoginFigures(
    int Clients, double LoginsPerSecond, double PgbenchPerSecond, double ServerCpu, double LoadCpu, double Allocated)
{
    public double Ratio => LoginsPerSecond / PgbenchPerSecond;
}

/// <summary>KiB a connection, after a full collection: on the managed heap, and in the resident set.</summary>
internal sealed record IdleFigures(double Heap, double Resident);

internal sealed record Figures(int Connections, IdleFigures Idle, IdleFigures Echo, LoginFigures[] Logins)
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public string ToJson() => JsonSerializer.Serialize(this, Indented);

    public string ToTable()
    {
        const string header = "| phones at a time | logins/s | pgbench, same statements/s | ratio "
            + "| server CPU a login | server allocations a login | load generator's CPU a login |";
        var rows = Logins.Select(row => string.Create(CultureInfo.InvariantCulture,
            $"| {row.Clients} | {row.LoginsPerSecond:0} | {row.PgbenchPerSecond:0} | {row.Ratio:0.00} "
            + $"| {row.ServerCpu:0.00} ms | {row.Allocated:0} KiB | {row.LoadCpu:0.00} ms |"));
        return string.Create(CultureInfo.InvariantCulture, $"""
            {header}
            |---|---|---|---|---|---|---|
            {string.Join('\n', rows)}

            | one of {Connections} idle connections | heap | resident |
            |---|---|---|
            | QrLogin, authenticated and indexed | {Idle.Heap:0.0} KiB | {Idle.Resident:0.0} KiB |
            | bare Kestrel echo WebSocket | {Echo.Heap:0.0} KiB | {Echo.Resident:0.0} KiB |
            | ratio | {Idle.Heap / Echo.Heap:0.00} | {Idle.Resident / Echo.Resident:0.00} |
            """);
    }
}
