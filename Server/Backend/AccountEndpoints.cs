using Microsoft.AspNetCore.Http.HttpResults;
using QrLogin.Server.Accounts;
using QrLogin.Server.Clients;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Backend;

/// <summary>What has happened to a user at the site happens here: signed out, disabled, enabled again, erased.</summary>
internal static class AccountEndpoints
{
    public static IEndpointRouteBuilder MapAccounts(this IEndpointRouteBuilder routes)
    {
        var accounts = routes.MapGroup("/api/backend/accounts").RequireClient(ClientScope.Sessions);
        accounts.MapDelete("/{externalId}/sessions", EndSessions);
        accounts.MapPost("/{externalId}/disable", (SiteUser user, SiteAccounts store, AuditTrail audit, HttpContext context) =>
            DoneAsync(store.DisableAsync(user.AccountId, isDisabled: true), "disable_account", user, audit, context));
        accounts.MapPost("/{externalId}/enable", (SiteUser user, SiteAccounts store, AuditTrail audit, HttpContext context) =>
            DoneAsync(store.DisableAsync(user.AccountId, isDisabled: false), "enable_account", user, audit, context));
        accounts.MapDelete("/{externalId}", (SiteUser user, SiteAccounts store, AuditTrail audit, HttpContext context) =>
            DoneAsync(store.EraseAsync(user.AccountId), "delete_account", user, audit, context));
        return routes;
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> EndSessions(
        SiteUser user, SiteAccounts accounts, AuditTrail audit, HttpContext context, string? kind = null)
    {
        if (kind is not (null or SessionKind.Web or SessionKind.Mobile))
        {
            return Problem.InvalidRequest.Result(nameof(kind), "Give web or mobile, or leave it out.");
        }

        var ended = await accounts.EndSessionsAsync(user.AccountId, kind);
        audit.Record(Asked("end_sessions", $"{ended}: {kind ?? "all"}", user, context));
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> DoneAsync(Task done, string name, SiteUser user, AuditTrail audit, HttpContext context)
    {
        await done;
        audit.Record(Asked(name, null, user, context));
        return TypedResults.NoContent();
    }

    private static AuditEvent Asked(string name, string? what, SiteUser user, HttpContext context)
    {
        var by = context.Features.Get<Client>()!.Name;
        return new(AuditEvent.Client, name, ClientAddress.Of(context))
        {
            AccountId = user.AccountId,
            Detail = what is null ? by : $"{what}, by {by}",
        };
    }
}
