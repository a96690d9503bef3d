using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Http;

/// <summary>What an exception answers: a body that cannot be read 400 or 413, PostgreSQL out of reach 503, anything else 500.</summary>
internal sealed class ProblemExceptionHandler(IProblemDetailsService problems, ILogger<ProblemExceptionHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        httpContext.Response.StatusCode = exception switch
        {
            BadHttpRequestException bad => bad.StatusCode,
            DatabaseUnavailableException => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status500InternalServerError,
        };
        if (exception is DatabaseUnavailableException unavailable)
        {
            logger.LogWarning("PostgreSQL is unavailable: {Reason}", unavailable.InnerException?.GetType().Name);
        }
        else if (httpContext.Response.StatusCode == StatusCodes.Status500InternalServerError)
        {
            logger.LogError(exception, "A request failed");
        }

        var context = new ProblemDetailsContext { HttpContext = httpContext };
        if (exception.InnerException is JsonException { Path: { Length: > 0 } path })
        {
            var member = path.TrimStart('$', '.');
            context.ProblemDetails.Extensions["errors"] = Problem.WrongJson(member.Length > 0 ? member : "$");
        }

        return await problems.TryWriteAsync(context);
    }
}
