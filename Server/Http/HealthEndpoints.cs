using Dapper;
using Microsoft.AspNetCore.Http.HttpResults;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Http;

/// <summary>For the operator: is the process alive, can it serve.</summary>
internal static class HealthEndpoints
{
    /// <summary>In seconds: how long to wait for a server that is going away, or for one that is being migrated.</summary>
    private const int RetryAfter = 5;

    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/healthz");
        health.MapRead("/live", () => TypedResults.Ok()).WithName("Live").Describe("Whether the process is alive.");
        health.MapRead("/ready", Ready).Describe("Whether it can serve: the database is reachable.", Problem.Unavailable);
        return routes;
    }

    private static async Task<Results<Ok, ProblemHttpResult>> Ready(
        Database database, IHostApplicationLifetime lifetime, HttpContext context)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return Problem.Unavailable.Result(context.Response, RetryAfter);
        }

        var isMigrated = await database.RunAsync(connection =>
            connection.ExecuteScalarAsync<bool>(
                "select to_regclass('public.handoff') is not null"));
        return isMigrated ? TypedResults.Ok() : Problem.Unavailable.Result(context.Response, RetryAfter);
    }
}
