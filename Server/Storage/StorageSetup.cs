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
        return services
            .AddSingleton(provider => new NpgsqlDataSourceBuilder(connectionString.ConnectionString)
                .UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>())
                .Build())
            .AddSingleton<Database>()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<ChangeFeed>()
            .AddHostedService(provider => provider.GetRequiredService<ChangeFeed>())
            .AddHostedService<Sweep>();
    }

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
