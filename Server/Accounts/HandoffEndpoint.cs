using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>
/// Step 0 where the site has a sign-in of its own: its page hands over the code that its backend has got, and is signed in here as well.
/// Unknown, used and expired codes, and those of a disabled account or client, answer alike. Guessing is not limited by address: with
/// 256 bits it is hopeless, and everybody behind that address would be kept out.
/// </summary>
internal static class HandoffEndpoint
{
    private const string Name = "sign_in";

    public static IEndpointRouteBuilder MapHandoff(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/session/handoff", HandOver)
            .Describe("Signs in on the PC whom the site's backend has named; a session whose cookie came along ends.",
                Problem.OriginNotAllowed, Problem.InvalidHandoff, Problem.Unavailable)
            .AnswersWith(200, "Set-Cookie", SessionCookie.Meaning)
            .Examples(HandoffRequest.Example, SessionResponse.Example);
        return routes;
    }

    private static async Task<Results<Ok<SessionResponse>, ProblemHttpResult>> HandOver(
        HandoffRequest request, WebSignIn signIn, AuditTrail audit, IOptions<SiteOptions> site, HttpContext context)
    {
        var asked = new AuditEvent(AuditEvent.Computer, Name, ClientAddress.Of(context)) { Detail = "by hand-off" };
        if (!site.Value.Allows(context.Request))
        {
            audit.Record(asked with { Why = Problem.OriginNotAllowed.Code, OncePerMinute = true });
            return Problem.OriginNotAllowed.Result();
        }

        var session = Secret.TryParse(request.Code, SiteAccounts.HandoffLength, out var code)
            ? await signIn.MakeAsync(context, SiteAccounts.ByHandoff(code), asked) : null;
        if (session is null)
        {
            audit.Record(asked with { Why = Problem.InvalidHandoff.Code, OncePerMinute = true });
            return Problem.InvalidHandoff.Result();
        }

        return TypedResults.Ok(SessionResponse.Of(session));
    }
}

/// <param name="Code">What <c>POST /api/backend/sessions</c> has answered.</param>
public sealed record HandoffRequest([property: Wire] string? Code)
{
    internal static readonly HandoffRequest Example = new(Secret.Example);

    public override string ToString() => nameof(HandoffRequest);
}
