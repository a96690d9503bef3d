using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using QrLogin.Server.Bindings;
using QrLogin.Server.Http;
using QrLogin.Server.Present;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Redeem;

/// <summary>
/// Step 4: the phone sends back what it scanned, or what was typed on it, with the verifier that proves it is the phone that asked
/// (RFC 7636), and gets a session of its own. To anybody else every refusal is the same.
/// </summary>
internal static class RedeemEndpoint
{
    private const int SaltLength = 16;

    public static IServiceCollection AddRedeem(this IServiceCollection services) => services
        .AddSingleton<RedemptionStore>()
        .AddSingleton<UnheardRedeems>()
        .AddHostedService(provider => provider.GetRequiredService<UnheardRedeems>());

    public static IEndpointRouteBuilder MapRedeem(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/login/redeem", Redeem).LimitFailures(Problem.InvalidTicket, "redeem")
            .Describe("Exchanges a scanned ticket, or a typed code, for the phone's session.",
                Problem.AlreadyRedeemed, Problem.Declined, Problem.Superseded, Problem.SessionEnded, Problem.TicketExpired,
                Problem.AttemptExpired, Problem.Unavailable)
            .Examples(RedeemRequest.Scanned, RedeemRequest.Typed, RedeemResponse.Example);
        return routes;
    }

    private static async Task<Results<Ok<RedeemResponse>, ProblemHttpResult>> Redeem(
        RedeemRequest request, RedemptionStore redemptions, UnheardRedeems unheard, Presenter presenter, AuditTrail audit,
        HttpContext context)
    {
        var salt = Secret.RandomBytes(SaltLength);
        var sessionId = Guid.CreateVersion7();
        Redemption? redemption;
        try
        {
            redemption = await redemptions.RedeemAsync(
                sessionId, request.Code(), request.CodeVerifier!, request.Identifiers!.Normal(), salt, ClientAddress.Of(context));
        }
        catch (DatabaseUnavailableException)
        {
            unheard.Add(sessionId, ClientAddress.Of(context));
            throw;
        }

        var tried = new AuditEvent(AuditEvent.Phone, "redeem", ClientAddress.Of(context))
        {
            AccountId = redemption?.AccountId,
            AttemptId = redemption?.AttemptId,
            SessionId = redemption?.SessionId,
        };
        switch (redemption?.Outcome)
        {
            case Redemption.Granted:
                audit.Record(tried);
                presenter.Redeemed(redemption.AccountId, redemption.AttemptId, redemption.SessionId!.Value, redemption.Device);
                return TypedResults.Ok(RedeemResponse.Of(redemption, Secret.Derive(salt, request.CodeVerifier!)));
            case Redemption.Repeated:
                audit.Record(tried with { Detail = "again", OncePerMinute = true });
                return TypedResults.Ok(RedeemResponse.Of(redemption, Secret.Derive(redemption.Salt!, request.CodeVerifier!)));
            case Redemption.Warned:
                audit.Record(tried with { Why = Problem.InvalidTicket.Code, Detail = "another phone" });
                presenter.Warn(redemption.PcSessionId, redemption.AttemptId);
                return Problem.InvalidTicket.Result();
            default:
                var refusal = redemption is null ? Problem.InvalidTicket : Problem.Of(redemption.Outcome);
                audit.Record(tried with { Why = refusal.Code });
                return refusal.Result();
        }
    }
}

/// <param name="Ticket">22 characters, from the QR code's fragment; or, in its place, the last two.</param>
/// <param name="CodeVerifier">RFC 7636 §4.1: 43 to 128 of <c>A-Z a-z 0-9 - . _ ~</c>.</param>
/// <param name="Identifiers">One to eight of those submitted to identify.</param>
/// <param name="AttemptId">As identify answered it.</param>
/// <param name="TypedCode">Eight characters of Crockford's base32 as a person types them.</param>
public sealed record RedeemRequest(
    [property: Wire(Pattern = "^[A-Za-z0-9_-]{22}$", Optional = true)] string? Ticket,
    [property: Wire(Pattern = Secret.VerifierPattern)] string? CodeVerifier,
    [property: Wire(Least = 1, Most = SubmittedIdentifiers.MaxCount)] SubmittedIdentifier[]? Identifiers,
    string? AttemptId, string? TypedCode) : IValidatableObject
{
    internal static readonly RedeemRequest Scanned =
        new("q83vASNFZ4mrze8BI0Vniw", Secret.Example, [SubmittedIdentifier.Example], null, null);

    internal static readonly RedeemRequest Typed =
        Scanned with { Ticket = null, AttemptId = "0199a3f4-5c1e-7a60-8b1d-3f2e9c7d6a10", TypedCode = "7KQ4-9XWD" };

    private bool IsTyped => AttemptId is not null || TypedCode is not null;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (IsTyped ? Ticket is not null : Present.Ticket.Parse(Ticket) is null)
        {
            yield return new ValidationResult(
                "Give the 22 characters after # in the scanned address, or else attemptId and typedCode.", [nameof(Ticket)]);
        }

        if (IsTyped && !Guid.TryParseExact(AttemptId, "D", out _))
        {
            yield return new ValidationResult("Give the attemptId that identify answered.", [nameof(AttemptId)]);
        }

        if (IsTyped && Sessions.TypedCode.Parse(TypedCode) is null)
        {
            yield return new ValidationResult("Give the eight letters and digits that stand beside the code.", [nameof(TypedCode)]);
        }

        if (!Secret.IsVerifier(CodeVerifier))
        {
            yield return new ValidationResult(Secret.VerifierAdvice, [nameof(CodeVerifier)]);
        }

        foreach (var fault in Identifiers.Faults(nameof(Identifiers)))
        {
            yield return fault;
        }
    }

    internal SeenCode Code() => IsTyped
        ? SeenCode.Typed(Guid.ParseExact(AttemptId!, "D"), Sessions.TypedCode.Parse(TypedCode)!)
        : SeenCode.Scanned(Present.Ticket.Parse(Ticket)!);

    public override string ToString() => nameof(RedeemRequest);
}

/// <param name="AccessToken">The phone's session: 43 characters, sent as <c>Authorization: Bearer …</c>.</param>
/// <param name="TokenType"><c>Bearer</c>.</param>
/// <param name="ExpiresIn">Whole seconds of idleness after which it ends.</param>
internal sealed record RedeemResponse(string AccessToken, string TokenType, int ExpiresIn, AdmittedPhone Session, AccountView Account)
{
    public static readonly RedeemResponse Example = new(
        "Zm9yIGV4YW1wbGUsIDMyIGJ5dGVzIG9mIG5vIHZhbHU", "Bearer", 2_592_000,
        new(Guid.Parse("0199a3f4-7d2b-7c11-9f04-6b8e1a2c3d40"), SessionKind.Mobile), AccountView.Example);

    public static RedeemResponse Of(Redemption redemption, Secret token) => new(
        token.Text, "Bearer", redemption.ExpiresIn!.Value,
        new AdmittedPhone(redemption.SessionId!.Value, SessionKind.Mobile),
        new AccountView(redemption.Username, redemption.DisplayName));

    public override string ToString() => nameof(RedeemResponse);
}

/// <summary>The session that the redeem made.</summary>
internal sealed record AdmittedPhone(Guid Id, [property: Wire(SessionKind.Mobile)] string Kind);
