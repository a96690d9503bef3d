using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using QrLogin.Server.Bindings;
using QrLogin.Server.Connect;
using QrLogin.Server.Http;
using QrLogin.Server.Present;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Identify;

/// <summary>
/// Step 2: the phone says who it is, and a QR code appears on the PC of whom it belongs to. Identifiers only find; they prove nothing.
/// Whatever the reason that nobody is found, the answer is the same and takes as long.
/// </summary>
internal static class IdentifyEndpoint
{
    public static IServiceCollection AddIdentify(this IServiceCollection services) => services
        .AddSingleton<AttemptStore>()
        .AddSingleton<UnheardAttempts>()
        .AddRateLimiter()
        .AddSingleton<IConfigureOptions<RateLimiterOptions>, IdentifyLoad>();

    public static IEndpointRouteBuilder MapIdentify(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/login/identify", Identify)
            .RequireRateLimiting(IdentifyLoad.Policy).LimitFailures(Problem.NoLiveConnection, "identify")
            .Describe("The phone submits its identifiers; a QR code appears on the PC.", Problem.Unavailable)
            .Examples(
                new IdentifyRequest(
                    [SubmittedIdentifier.Example], "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256",
                    new("Pixel 10", "Android 17")),
                new IdentifyResponse(Guid.Parse("0199a3f4-5c1e-7a60-8b1d-3f2e9c7d6a10"), "47", 300));
        return routes;
    }

    private static async Task<Results<Accepted<IdentifyResponse>, ProblemHttpResult>> Identify(
        IdentifyRequest request, BrowserConnections connections, AttemptStore attempts, UnheardAttempts unheard, Presenter presenter,
        Screens screens, AuditTrail audit, HttpContext context)
    {
        var phone = request.Phone(context);
        var accountId = connections.FindAccount(phone.Identifiers);
        var attemptId = Guid.CreateVersion7();
        var tickets = accountId is { } found ? presenter.Tickets(attemptId, found) : [Ticket.ForNobody(attemptId)];
        IdentifyOutcome outcome;
        try
        {
            outcome = await attempts.OpenAsync(attemptId, accountId, phone, tickets);
        }
        catch (DatabaseUnavailableException)
        {
            unheard.Add(attemptId);
            throw;
        }

        var asked = new AuditEvent(AuditEvent.Phone, "identify", phone.Address) { AccountId = accountId, Detail = phone.Device.Name };
        switch (outcome.Verdict)
        {
            case IdentifyOutcome.Opened:
                audit.Record(asked with { AttemptId = outcome.Id });
                if (await ShowAsync(outcome, accountId!.Value, phone, tickets, presenter, screens, audit))
                {
                    return Accepted(outcome);
                }

                audit.Record(asked with { AttemptId = outcome.Id, Why = Problem.NoLiveConnection.Code });
                return Problem.NoLiveConnection.Result();
            case IdentifyOutcome.Repeated:
                if (unheard.Remove(outcome.Id!.Value))
                {
                    audit.Record(asked with { AttemptId = outcome.Id });
                    await screens.ShowAsync(outcome.Id.Value, accountId!.Value);
                }

                return Accepted(outcome); // nothing else has happened
            case IdentifyOutcome.Limited:
                audit.Record(asked with { Why = Problem.TooManyRequests.Code });
                return Problem.TooManyRequests.Result(context.Response, outcome.RetryAfter!.Value);
            default:
                audit.Record(asked with { Why = Problem.NoLiveConnection.Code });
                return Problem.NoLiveConnection.Result();
        }
    }

    /// <returns>Whether any socket took a code.</returns>
    private static async Task<bool> ShowAsync(
        IdentifyOutcome outcome, Guid accountId, PhoneRequest phone, Ticket[] tickets, Presenter presenter, Screens screens,
        AuditTrail audit)
    {
        if (outcome.SupersededId is { } superseded)
        {
            audit.Record(new AuditEvent(AuditEvent.Phone, "supersede", phone.Address) { AccountId = accountId, AttemptId = superseded });
            presenter.Superseded(accountId, superseded);
        }

        var attemptId = outcome.Id!.Value;
        var device = new AttemptDevice(phone.Device.Name, phone.Device.Platform, phone.Address.ToString());
        var onScreen = new AttemptOnScreen(attemptId, outcome.ExpiresIn!.Value, Ticket.Lifetime, $"{outcome.CheckCode}", device);
        var isShown = false;
        foreach (var ticket in tickets)
        {
            isShown |= outcome.Sessions.Contains(ticket.SessionId) && presenter.Show(ticket, onScreen);
        }

        // A PC that connected while the attempt was being stored has no ticket yet, and its welcome came too early to name the attempt.
        return await screens.ShowAsync(attemptId, accountId, besides: tickets) || isShown;
    }

    private static Accepted<IdentifyResponse> Accepted(IdentifyOutcome outcome) =>
        TypedResults.Accepted((string?)null, new IdentifyResponse(outcome.Id!.Value, $"{outcome.CheckCode}", outcome.ExpiresIn!.Value));
}

/// <param name="Identifiers">One to eight; the first that finds a live connection decides the account.</param>
/// <param name="CodeChallenge">RFC 7636 S256 of a verifier that never leaves the phone until it redeems: 43 characters.</param>
/// <param name="CodeChallengeMethod"><c>S256</c>.</param>
/// <param name="Device">Optional; shown on the PC as the phone's own claim.</param>
public sealed record IdentifyRequest(
    [property: Wire(Least = 1, Most = SubmittedIdentifiers.MaxCount)] SubmittedIdentifier[]? Identifiers,
    [property: Wire(Pattern = "^[A-Za-z0-9_-]{43}$")] string? CodeChallenge,
    [property: Wire("S256")] string? CodeChallengeMethod,
    ClaimedDevice? Device) : IValidatableObject
{
    private const int ChallengeLength = 32;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var fault in Identifiers.Faults(nameof(Identifiers)))
        {
            yield return fault;
        }

        if (!Secret.IsBase64Url(CodeChallenge, ChallengeLength))
        {
            yield return new ValidationResult("Give the S256 of the verifier in base64url: 43 characters.", [nameof(CodeChallenge)]);
        }

        if (CodeChallengeMethod != "S256")
        {
            yield return new ValidationResult("Give S256; no other is accepted.", [nameof(CodeChallengeMethod)]);
        }
    }

    internal PhoneRequest Phone(HttpContext context) => new(
        Identifiers!.Normal(),
        Secret.Bytes(CodeChallenge!),
        Sessions.Device.Claimed(Device?.Name, Device?.Platform),
        ClientAddress.Of(context));
}

/// <summary>What the phone calls itself.</summary>
public sealed record ClaimedDevice(string? Name, string? Platform);

/// <param name="AttemptId">Names this attempt in what both sides say from now on.</param>
/// <param name="CheckCode">Two digits, which the PC shows too.</param>
/// <param name="ExpiresIn">Whole seconds.</param>
internal sealed record IdentifyResponse(Guid AttemptId, string CheckCode, int ExpiresIn);
