using System.Globalization;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;

namespace QrLogin.Server.Storage;

/// <summary>The data source, opened late, and what runs on it in the background.</summary>
internal static class StorageSetup
{
    public static IServiceCollection AddStorage(this IServiceCollection services, IConfiguration configuration)
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        var connectionString = ConnectionStringOf(configuration).ForRequests();
        var queueLength = AuditQueueOf(configuration);
        GiveThreads(connectionString.MaxPoolSize);
        return services
            .AddSingleton(provider => new NpgsqlDataSourceBuilder(connectionString.ConnectionString)
                .UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>())
                .Build())
            .AddSingleton<Database>()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<ChangeFeed>()
            .AddHostedService(provider => provider.GetRequiredService<ChangeFeed>())
            .AddSingleton(provider => new AuditTrail(
                new NpgsqlDataSourceBuilder(ForAudit(connectionString).ConnectionString)
                    .UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>())
                    .Build(),
                queueLength, provider.GetRequiredService<ILogger<AuditTrail>>()))
            .AddHostedService(provider => provider.GetRequiredService<AuditTrail>())
            .AddHostedService<Sweep>();
    }

    /// <summary>
    /// When PostgreSQL freezes, Npgsql asks it to cancel each statement, which keeps a thread waiting for two seconds (npgsql 10,
    /// NpgsqlConnector.DoCancelRequest): there have to be as many threads at once, or all else waits behind them.
    /// </summary>
    private static void GiveThreads(int connections)
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, connections + (2 * Environment.ProcessorCount)), completions);
    }

    /// <summary>One connection beside the pool, so that neither waits for the other; its name tells it apart in pg_stat_activity.</summary>
    private static NpgsqlConnectionStringBuilder ForAudit(NpgsqlConnectionStringBuilder ofRequests) =>
        new(ofRequests.ConnectionString) { MinPoolSize = 0, MaxPoolSize = 1, ApplicationName = "qrlogin audit" };

    /// <exception cref="OptionsValidationException">It is no number, or none that makes sense.</exception>
    private static int AuditQueueOf(IConfiguration configuration) => configuration["Audit:Queue"] switch
    {
        null => AuditTrail.DefaultQueueLength,
        var text when int.TryParse(text, CultureInfo.InvariantCulture, out var length) && length is >= 1 and <= 1_000_000 => length,
        var text => throw new OptionsValidationException("Audit", typeof(int),
            [$"Audit:Queue (environment variable Audit__Queue): \"{text}\" is not a number of 1 to 1000000."]),
    };

    /// <exception cref="OptionsValidationException">The key is missing or unreadable; the message says what to set.</exception>
    public static NpgsqlConnectionStringBuilder ConnectionStringOf(IConfiguration configuration)
    {
        try
        {
            return ConnectionString.Parse(configuration.GetConnectionString("QrLogin")
                ?? throw new FormatException("It is missing; it looks like postgresql://user:password@host:5432/database."));
        }
        catch (FormatException e)
        {
            throw new OptionsValidationException("QrLogin", typeof(NpgsqlConnectionStringBuilder),
                [$"ConnectionStrings:QrLogin (environment variable ConnectionStrings__QrLogin): {e.Message}"]);
        }
    }
}
