using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Present;

/// <summary>Step 3, from the screen's side: a fresh code before the old one expires, more time, and "not me".</summary>
internal static class ScreenEndpoints
{
    private static readonly Problem[] TooLate =
    [
        Problem.NotFound, Problem.AlreadyRedeemed, Problem.Declined, Problem.Superseded, Problem.SessionEnded, Problem.AttemptExpired,
        Problem.TooManyRequests,
    ];

    public static IServiceCollection AddPresent(this IServiceCollection services) =>
        services.AddSingleton<Presenter>().AddSingleton<ScreenStore>().AddSingleton<Screens>();

    public static IEndpointRouteBuilder MapPresent(this IEndpointRouteBuilder routes)
    {
        var attempt = routes.MapGroup("/api/login/{attemptId:guid}").RequireWebSession();
        attempt.MapPost("/qr", Refresh)
            .Describe("A fresh QR code for an open attempt, pushed to the pages of this session.", Problem.NoLiveConnection)
            .WithMetadata(TooLate);
        attempt.MapPost("/extend", Extend)
            .Describe("Gives an open attempt its whole time again.").WithMetadata(TooLate);
        attempt.MapPost("/decline", Decline)
            .Describe("\"Not me\": ends the attempt, or the session that it made.", Problem.NotFound);

        // For who has no app yet: the address of the phone's page, to be scanned from the PC's.
        var site = routes.ServiceProvider.GetRequiredService<IOptions<SiteOptions>>().Value;
        var phonePage = QrImage.Png($"{site.PublicOrigin}/phone");
        routes.MapRead("/phone.png", () => TypedResults.Bytes(phonePage, "image/png"))
            .WithName("PhonePageCode").Answers(200, "image/png").Describe("A QR code of the phone page's address.");
        return routes;
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Refresh(
        Guid attemptId, Session caller, ScreenStore screens, Presenter presenter, AuditTrail audit, HttpContext context)
    {
        var ticket = presenter.TicketFor(attemptId, caller.Id);
        var code = await screens.RefreshAsync(attemptId, caller.AccountId, caller.Id, ticket);
        if (code?.Outcome == FreshCode.Shown && presenter.Show(ticket!, code.OnScreen(attemptId)))
        {
            return TypedResults.NoContent();
        }

        var refusal = code?.Outcome switch
        {
            null => Problem.NotFound,
            FreshCode.Shown => Problem.NoLiveConnection,
            var word => Problem.Of(word),
        };
        audit.Record(Asked("refresh", attemptId, caller, context, refusal));
        return Answer(refusal, code?.AttemptExpiresIn, context);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Extend(
        Guid attemptId, Session caller, ScreenStore store, Screens screens, AuditTrail audit, HttpContext context)
    {
        var extension = await store.ExtendAsync(attemptId, caller.AccountId, caller.Id);
        switch (extension?.Outcome)
        {
            case Extension.Extended:
                audit.Record(Asked("extend", attemptId, caller, context));
                await screens.ShowAsync(attemptId, caller.AccountId);
                return TypedResults.NoContent();
            case Extension.Kept:
                return TypedResults.NoContent(); // nothing has happened
            case var word:
                var refusal = word is null ? Problem.NotFound : Problem.Of(word);
                audit.Record(Asked("extend", attemptId, caller, context, refusal));
                return Answer(refusal, extension?.ExpiresIn, context);
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Decline(
        Guid attemptId, Session caller, ScreenStore screens, Presenter presenter, AuditTrail audit, HttpContext context)
    {
        switch (await screens.DeclineAsync(attemptId, caller.AccountId))
        {
            case null:
                audit.Record(Asked("decline", attemptId, caller, context, Problem.NotFound));
                return Problem.NotFound.Result();
            case Declined.Undone:
                audit.Record(Asked("undo", attemptId, caller, context));
                break;
            case Declined.Over:
                audit.Record(Asked("decline", attemptId, caller, context) with { Detail = "it was over", OncePerMinute = true });
                break;
            default:
                audit.Record(Asked("decline", attemptId, caller, context));
                presenter.Declined(caller.AccountId, attemptId);
                break;
        }

        return TypedResults.NoContent();
    }

    /// <summary>A page can ask in vain without end, and for attempts that are not there, whose ids are then nobody's.</summary>
    private static AuditEvent Asked(string name, Guid attemptId, Session caller, HttpContext context, Problem? refusal = null) =>
        new(AuditEvent.Computer, name, ClientAddress.Of(context))
        {
            AccountId = caller.AccountId,
            SessionId = caller.Id,
            AttemptId = refusal == Problem.NotFound ? null : attemptId,
            Why = refusal?.Code,
            OncePerMinute = refusal is not null,
        };

    private static ProblemHttpResult Answer(Problem refusal, int? retryAfter, HttpContext context) =>
        refusal == Problem.TooManyRequests ? refusal.Result(context.Response, retryAfter!.Value) : refusal.Result();
}
