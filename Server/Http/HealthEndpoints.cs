using Dapper;
using Microsoft.AspNetCore.Http.HttpResults;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Http;

/// <summary>For the operator: is the process alive, can it serve.</summary>
internal static class HealthEndpoints
{
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/healthz");
        health.MapGet("/live", () => TypedResults.Ok());
        health.MapGet("/ready", Ready);
        return health;
    }

    private static async Task<Results<Ok, ProblemHttpResult>> Ready(Database database, IHostApplicationLifetime lifetime, HttpContext context)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return Problem.Unavailable.Result(context.Response, retryAfter: 10);
        }

        await database.RunAsync((connection, token) =>
            connection.ExecuteScalarAsync<int>(new CommandDefinition("select 1", cancellationToken: token)));
        return TypedResults.Ok();
    }
}
