using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Identify;

/// <summary>
/// How the phone's attempt stands: the PC may have given it more time, or said "not me". Only the phone that asked is told; it changes
/// nothing.
/// </summary>
internal static class StatusEndpoint
{
    public static IEndpointRouteBuilder MapStatus(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/login/{attemptId:guid}/status", Status).LimitFailures(Problem.NotFound, "status")
            .Describe("How the phone's attempt stands; only the phone that asked is told.",
                Problem.AlreadyRedeemed, Problem.Declined, Problem.Superseded, Problem.AttemptExpired, Problem.Unavailable)
            .Examples(new StatusRequest(Secret.Example), new StatusResponse(212));
        return routes;
    }

    private static async Task<Results<Ok<StatusResponse>, ProblemHttpResult>> Status(
        Guid attemptId, StatusRequest request, AttemptStore attempts)
    {
        var status = await attempts.StatusAsync(attemptId, Secret.Challenge(request.CodeVerifier!));
        return status?.Outcome switch
        {
            null => Problem.NotFound.Result(),
            AttemptStatus.Open => TypedResults.Ok(new StatusResponse(status.ExpiresIn)),
            var ending => Problem.Of(ending).Result(),
        };
    }
}

/// <param name="CodeVerifier">RFC 7636 §4.1: 43 to 128 of <c>A-Z a-z 0-9 - . _ ~</c>.</param>
public sealed record StatusRequest([property: Wire(Pattern = Secret.VerifierPattern)] string? CodeVerifier) : IValidatableObject
{
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Secret.IsVerifier(CodeVerifier))
        {
            yield return new ValidationResult(Secret.VerifierAdvice, [nameof(CodeVerifier)]);
        }
    }

    public override string ToString() => nameof(StatusRequest);
}

/// <param name="ExpiresIn">Of the attempt, whole seconds.</param>
internal sealed record StatusResponse(int ExpiresIn);
