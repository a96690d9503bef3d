using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;

namespace QrLogin.Server.Present;

/// <summary>Step 3, from the screen's side: a fresh code before the old one expires, more time, and "not me".</summary>
internal static class ScreenEndpoints
{
    public static IServiceCollection AddPresent(this IServiceCollection services) =>
        services.AddSingleton<Presenter>().AddSingleton<ScreenStore>();

    public static IEndpointRouteBuilder MapPresent(this IEndpointRouteBuilder routes)
    {
        var attempt = routes.MapGroup("/api/login/{attemptId:guid}").RequireWebSession();
        attempt.MapPost("/qr", Refresh);
        attempt.MapPost("/extend", Extend);
        attempt.MapPost("/decline", Decline);

        // For who has no app yet: the address of the phone's page, to be scanned from the PC's.
        var site = routes.ServiceProvider.GetRequiredService<IOptions<SiteOptions>>().Value;
        var phonePage = QrImage.Png($"{site.PublicOrigin}/phone");
        routes.MapRead("/phone.png", () => TypedResults.Bytes(phonePage, "image/png"));
        return routes;
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Refresh(
        Guid attemptId, Session caller, ScreenStore screens, Presenter presenter, HttpContext context)
    {
        var ticket = presenter.TicketFor(attemptId, caller.Id);
        var code = await screens.RefreshAsync(attemptId, caller.AccountId, caller.Id, ticket);
        return code?.Outcome switch
        {
            null => Problem.NotFound.Result(),
            FreshCode.Shown when presenter.Show(ticket!, code.OnScreen(attemptId)) => TypedResults.NoContent(),
            FreshCode.Shown => Problem.NoLiveConnection.Result(),
            "too_many_requests" => Problem.TooManyRequests.Result(context.Response, code.AttemptExpiresIn),
            var refusal => Problem.Of(refusal).Result(),
        };
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Extend(
        Guid attemptId, Session caller, ScreenStore screens, Presenter presenter, HttpContext context)
    {
        var extension = await screens.ExtendAsync(attemptId, caller.AccountId, caller.Id);
        switch (extension?.Outcome)
        {
            case null:
                return Problem.NotFound.Result();
            case Extension.Extended:
                await ShowAgainAsync(attemptId, caller.AccountId, screens, presenter);
                return TypedResults.NoContent();
            case Extension.Kept:
                return TypedResults.NoContent();
            case "too_many_requests":
                return Problem.TooManyRequests.Result(context.Response, extension.ExpiresIn);
            case var refusal:
                return Problem.Of(refusal).Result();
        }
    }

    /// <summary>A fresh code on every screen of the account, which says how long the attempt lives now.</summary>
    private static async Task ShowAgainAsync(Guid attemptId, Guid accountId, ScreenStore screens, Presenter presenter)
    {
        foreach (var ticket in presenter.Tickets(attemptId, accountId))
        {
            var code = await screens.RefreshAsync(attemptId, accountId, ticket.SessionId, ticket);
            if (code?.Outcome == FreshCode.Shown)
            {
                presenter.Show(ticket, code.OnScreen(attemptId));
            }
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Decline(
        Guid attemptId, Session caller, ScreenStore screens, Presenter presenter)
    {
        var isDeclined = await screens.DeclineAsync(attemptId, caller.AccountId);
        if (isDeclined is null)
        {
            return Problem.NotFound.Result();
        }

        if (isDeclined is true)
        {
            presenter.Declined(caller.AccountId, attemptId);
        }

        return TypedResults.NoContent();
    }
}
