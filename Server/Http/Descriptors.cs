using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace QrLogin.Server.Http;

/// <summary>
/// Keeps the process from using up its file descriptors, which would end the runtime itself: a connection that would take one of those
/// that are kept for the rest is closed as soon as it is accepted. Safe for concurrent use.
/// </summary>
internal sealed partial class Descriptors : IDisposable
{
    /// <summary>For the runtime, which opens each of its files twice (290 once it has answered), and PostgreSQL (100).</summary>
    private const int Kept = 512;

    private const int Fewest = Kept + 128;

    private readonly ConcurrencyLimiter places;
    private readonly FixedWindowRateLimiter warnings = new(new() { PermitLimit = 1, Window = TimeSpan.FromMinutes(1) });
    private readonly int connections;
    private readonly ILogger<Descriptors> logger;

    /// <exception cref="OptionsValidationException">There are too few to serve anybody.</exception>
    public Descriptors(ILogger<Descriptors> logger)
    {
        var limit = Limit();
        if (limit < Fewest)
        {
            throw new OptionsValidationException(nameof(Descriptors), typeof(Descriptors),
                [$"It may open {limit} files and needs {Fewest} and one for each connection: raise the limit (ulimit -n, LimitNOFILE=)."]);
        }

        connections = (int)Math.Min(int.MaxValue, limit - Kept);
        places = new(new() { PermitLimit = connections });
        this.logger = logger;
    }

    /// <summary>Around each connection, from its accept to its end, whatever protocol it changes to meanwhile.</summary>
    public async Task HoldAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        using var place = places.AttemptAcquire();
        if (place.IsAcquired)
        {
            await next(connection);
            return;
        }

        connection.Abort();
        using var warning = warnings.AttemptAcquire();
        if (warning.IsAcquired)
        {
            LogFull(logger, connections);
        }
    }

    public void Dispose()
    {
        places.Dispose();
        warnings.Dispose();
    }

    /// <summary>This process's own; the runtime has raised the soft limit to the hard one. None where there is no /proc.</summary>
    private static long Limit()
    {
        const string file = "/proc/self/limits";
        const string name = "Max open files";
        var values = !File.Exists(file) ? null
            : File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..];
        var soft = values?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, CultureInfo.InvariantCulture, out var limit) ? limit : long.MaxValue;
    }

    [LoggerMessage(LogLevel.Error, "All {Connections} connections that its file descriptors allow are taken: more are closed at once. "
        + "Give the process more (ulimit -n, LimitNOFILE=). This is said once a minute")]
    private static partial void LogFull(ILogger logger, int connections);
}
