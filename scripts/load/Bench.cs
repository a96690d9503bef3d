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

    private readonly TimeSpan duration = TimeSpan.FromSeconds(isQuick ? 6 : 15);

    public async Task<Figures> RunAsync()
    {
        say($"Making {IdleConnections} accounts");
        var population = new Population(database.ConnectionString, IdleConnections);
        await population.MakeAsync();
        await population.AddHistoryAsync();

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
        await logins.RunAsync(16, TimeSpan.FromSeconds(8)); // the JIT, the pools, the prepared statements
        say("Leaving all idle for a round of pings");
        var idleCpu = await IdleCpuAsync(server);
        foreach (var clients in Clients)
        {
            say($"{clients} {(clients == 1 ? "phone" : "phones")} at a time, and pgbench with as many");
            rows.Add(await LoginsAsync(clients, population, server, idleCpu, logins, pgbench));
        }

        return new Figures(IdleConnections, idle, echo, idleCpu, [.. rows]);
    }

    /// <param name="idleCpu">What the server's idle connections cost anyway, as a part of one core.</param>
    private async Task<LoginFigures> LoginsAsync(
        int clients, Population population, MeasuredProcess server, double idleCpu, Logins logins, Pgbench pgbench)
    {
        await population.ForgetAttemptsAsync();
        var allocated = (await server.ProbeAsync()).Allocated;
        var (cpu, ownCpu) = (server.Cpu, OwnCpu());
        var (count, seconds) = await logins.RunAsync(clients, duration);
        var (usedCpu, usedOwnCpu) = (server.Cpu - cpu - TimeSpan.FromSeconds(idleCpu * seconds), OwnCpu() - ownCpu);
        var used = (await server.ProbeAsync()).Allocated - allocated;
        var stored = await population.LoginsAsync();
        if (stored != count)
        {
            throw new InvalidOperationException($"{count} logins were counted, but PostgreSQL has {stored}.");
        }

        await population.ForgetAttemptsAsync();
        var pgbenchSeconds = await pgbench.RunAsync(clients, duration);
        return new LoginFigures(
            clients, count / seconds, await population.LoginsAsync() / pgbenchSeconds,
            usedCpu.TotalMilliseconds / count, usedOwnCpu.TotalMilliseconds / count, used / 1024.0 / count);
    }

    /// <summary>Pings and timers of the idle connections, as a part of one core.</summary>
    private static async Task<double> IdleCpuAsync(MeasuredProcess server)
    {
        using var settling = new PeriodicTimer(TimeSpan.FromSeconds(5)); // the JIT is still at work for what came before
        await settling.WaitForNextTickAsync();
        var (cpu, clock) = (server.Cpu, Stopwatch.StartNew());
        using var pingRound = new PeriodicTimer(TimeSpan.FromSeconds(20));
        await pingRound.WaitForNextTickAsync();
        return (server.Cpu - cpu) / clock.Elapsed;
    }

    private static async Task<IdleFigures> IdleAsync(string[] command, int port)
    {
        using var process = await MeasuredProcess.StartAsync(command, Address(port), ("DOTNET_gcServer", "1")); // as the server has it
        using var pages = new Pages();
        return await IdleAsync(process, pages, port);
    }

    private static async Task<IdleFigures> IdleAsync(MeasuredProcess process, Pages pages, int port)
    {
        using (var first = new Pages())
        {
            await first.OpenAsync(Address(port), 50); // what a process pays once
        }

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
/// <param name="ServerCpu">Milliseconds a login, without what the idle connections cost anyway.</param>
/// <param name="LoadCpu">The load generator's own, milliseconds a login.</param>
/// <param name="Allocated">By the server, KiB a login.</param>
internal sealed record LoginFigures(
    int Clients, double LoginsPerSecond, double PgbenchPerSecond, double ServerCpu, double LoadCpu, double Allocated)
{
    public double Ratio => LoginsPerSecond / PgbenchPerSecond;
}

/// <summary>KiB a connection, after a full collection: on the managed heap, and in the resident set.</summary>
internal sealed record IdleFigures(double Heap, double Resident);

/// <param name="IdleCpu">What all idle connections cost together, as a part of one core.</param>
internal sealed record Figures(int Connections, IdleFigures Idle, IdleFigures Echo, double IdleCpu, LoginFigures[] Logins)
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

            All {Connections} together, pinged every 20 s, cost {IdleCpu * 100:0.0} % of one core.
            """);
    }
}
