using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>
/// Step 0 where people sign in at an OpenID Connect provider: our page asks for the provider's address and goes there; the provider sends
/// the browser back here, and it ends on a page of ours: signed in, or at the sign-in with the reason why not. Without a provider in the
/// configuration neither call is there.
/// </summary>
internal static class OidcEndpoints
{
    /// <summary>In seconds: how long a page waits when the provider does not answer.</summary>
    private const int RetryAfter = 5;

    public static IServiceCollection AddOidc(this IServiceCollection services)
    {
        OidcSetup.Add(services);
        return services.AddSingleton<OidcAccounts>();
    }

    public static IEndpointRouteBuilder MapOidc(this IEndpointRouteBuilder routes)
    {
        if (routes.ServiceProvider.GetRequiredService<IOptions<OidcOptions>>().Value.IsConfigured)
        {
            routes.MapPost("/api/session/oidc", BeginAtProvider)
                .Describe("The provider's address, where the page sends the browser to sign in.",
                    Problem.OriginNotAllowed, Problem.ProviderUnavailable)
                .AnswersWith(200, "Set-Cookie", "Two cookies of this sign-in: `Secure; HttpOnly; SameSite=Lax; Path=/`.")
                .Examples(new OidcBegunResponse("https://id.example.com/authorize?client_id=qrlogin"));
            routes.MapGet(OidcSetup.CallbackPath, EndAtProvider)
                .Describe("Where the provider sends the browser back, which goes on to a page: signed in, or told why not.")
                .Answers(302)
                .AnswersWith(302, "Location", "`Oidc:ReturnPath`; or `/#refused=` and a code.")
                .AnswersWith(302, "Set-Cookie", $"{SessionCookie.Meaning} Those of the sign-in end.", always: false);
        }

        return routes;
    }

    private static async Task<Results<Ok<OidcBegunResponse>, ProblemHttpResult>> BeginAtProvider(
        OidcProvider provider, SessionCookie cookie, AuditTrail audit, IOptions<SiteOptions> site, HttpContext context)
    {
        var asked = new AuditEvent(AuditEvent.Computer, "sign_in", ClientAddress.Of(context)) { OncePerMinute = true };
        if (!site.Value.Allows(context.Request))
        {
            audit.Record(asked with { Why = Problem.OriginNotAllowed.Code });
            return Problem.OriginNotAllowed.Result();
        }

        if (await provider.BeginAsync(context, cookie.Read(context.Request)) is not { } address)
        {
            audit.Record(asked with { Why = Problem.ProviderUnavailable.Code });
            return Problem.ProviderUnavailable.Result(context.Response, RetryAfter);
        }

        return TypedResults.Ok(new OidcBegunResponse(address));
    }

    private static async Task<RedirectHttpResult> EndAtProvider(
        OidcProvider provider, OidcAccounts accounts, FailureLimits failures, AuditTrail audit, IOptions<OidcOptions> oidc,
        HttpContext context)
    {
        var refusal = failures.Wait(Problem.ProviderFailed, context) is null ? await SignInAsync() : Refuse(Problem.TooManyRequests);
        if (refusal is null)
        {
            return TypedResults.Redirect(oidc.Value.ReturnPath);
        }

        failures.Count(Problem.ProviderFailed, context);
        return TypedResults.Redirect($"/#refused={refusal.Code}");

        async Task<Problem?> SignInAsync()
        {
            var answer = await provider.EndAsync(context);
            try
            {
                return answer.Refusal is { } refused ? Refuse(refused)
                    : await accounts.SignInAsync(answer.Identity!, answer.Replaced, context);
            }
            catch (DatabaseUnavailableException)
            {
                return Problem.Unavailable; // for a person, whom a page tells
            }
        }

        Problem Refuse(Problem why)
        {
            audit.Record(new AuditEvent(AuditEvent.Computer, "sign_in", ClientAddress.Of(context))
            {
                Detail = $"by {oidc.Value.Name}",
                Why = why.Code,
                OncePerMinute = true,
            });
            return why;
        }
    }
}

/// <param name="Location">Where the page sends the browser: the provider's address, for this browser and ten minutes.</param>
internal sealed record OidcBegunResponse(string Location);
