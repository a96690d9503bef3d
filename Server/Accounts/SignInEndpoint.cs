using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using QrLogin.Server.Bindings;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>
/// Step 0: a user signs in on the PC. Always a new session; unknown user, wrong password and disabled account answer alike.
/// </summary>
internal static class SignInEndpoint
{
    public static IServiceCollection AddAccounts(this IServiceCollection services) =>
        services.AddSingleton<AccountStore>().AddSingleton<Passwords>().AddSingleton<Credentials>().AddSingleton<WebSignIn>()
            .AddSingleton<SiteAccounts>().AddSingleton<BindingStore>();

    public static IEndpointRouteBuilder MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/session", SignIn)
            .Describe("Signs in on the PC; a session whose cookie came along ends.",
                Problem.OriginNotAllowed, Problem.InvalidCredentials, Problem.TooManyRequests, Problem.Unavailable)
            .AnswersWith(200, "Set-Cookie", SessionCookie.Meaning)
            .Examples(new SignInRequest("alice", "swordfish and chips"), SessionResponse.Example);
        return routes;
    }

    private static async Task<Results<Ok<SessionResponse>, ProblemHttpResult>> SignIn(
        SignInRequest request, Credentials credentials, WebSignIn signIn, AuditTrail audit, IOptions<SiteOptions> site,
        HttpContext context)
    {
        var address = ClientAddress.Of(context);
        var attempted = new AuditEvent(AuditEvent.Computer, "sign_in", address);
        if (!site.Value.Allows(context.Request))
        {
            audit.Record(attempted with { Why = Problem.OriginNotAllowed.Code, OncePerMinute = true });
            return Problem.OriginNotAllowed.Result();
        }

        var check = await credentials.CheckAsync(request.Username!, request.Password!, address);
        if (check.RetryAfter is { } seconds)
        {
            audit.Record(attempted with { Why = Problem.TooManyRequests.Code, AccountId = check.AccountId });
            return Problem.TooManyRequests.Result(context.Response, seconds);
        }

        if (check.Right is not { } right
            || await signIn.MakeAsync(context, AccountStore.ByPassword(right, request.Username!), attempted) is not { } session)
        {
            audit.Record(attempted with { Why = Problem.InvalidCredentials.Code, AccountId = check.AccountId });
            return Problem.InvalidCredentials.Result();
        }

        return TypedResults.Ok(SessionResponse.Of(session));
    }
}

/// <param name="Username">1 to 64 of <c>A-Z a-z 0-9 . _ @ + -</c>, in any case.</param>
/// <param name="Password">At most 72 bytes of UTF-8 in NFC.</param>
public sealed partial record SignInRequest(
    [property: Wire(Pattern = "^[A-Za-z0-9._@+-]{1,64}$")] string? Username,
    [property: Wire(Least = 1, Most = Passwords.MaxBytes)] string? Password) : IValidatableObject
{
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Name().IsMatch(Username ?? ""))
        {
            yield return new ValidationResult("Give 1 to 64 of A-Z a-z 0-9 . _ @ + -", [nameof(Username)]);
        }

        if (!Passwords.IsPossible(Password))
        {
            yield return new ValidationResult($"Give 1 to {Passwords.MaxBytes} bytes of UTF-8.", [nameof(Password)]);
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9._@+-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    public override string ToString() => $"{nameof(SignInRequest)} of {Username}";
}
