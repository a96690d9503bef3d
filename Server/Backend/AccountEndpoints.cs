using Microsoft.AspNetCore.Http.HttpResults;
using QrLogin.Server.Accounts;
using QrLogin.Server.Clients;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Backend;

/// <summary>
/// What has happened to a user at the site happens here: signed out, disabled, enabled again, erased. What an administrator has disabled
/// is neither enabled nor erased, which would let the user in again.
/// </summary>
internal static class AccountEndpoints
{
    public static IEndpointRouteBuilder MapAccounts(this IEndpointRouteBuilder routes)
    {
        var accounts = routes.MapGroup("/api/backend/accounts").RequireClient(ClientScope.Sessions);
        accounts.MapDelete("/{externalId}/sessions", EndSessions)
            .Describe("The user has signed out at the site: ends the sessions here, and the codes that were not used yet.",
                Problem.InvalidRequest);
        accounts.MapPost("/{externalId}/disable", (
            SiteUser user, Client caller, SiteAccounts store, AuditTrail audit, HttpContext context) =>
            AnswerAsync(store.DisableAsync(user.AccountId, isDisabled: true), Asked("disable_account", user, caller, context), audit))
            .WithName("DisableAccount").Describe("Disables the account and ends its sessions and codes.");
        accounts.MapPost("/{externalId}/enable", (
            SiteUser user, Client caller, SiteAccounts store, AuditTrail audit, HttpContext context) =>
            AnswerAsync(store.DisableAsync(user.AccountId, isDisabled: false), Asked("enable_account", user, caller, context), audit))
            .WithName("EnableAccount").Describe("Enables what the site has disabled.", Problem.AccountDisabled);
        accounts.MapDelete("/{externalId}", (
            SiteUser user, Client caller, SiteAccounts store, AuditTrail audit, HttpContext context) =>
            AnswerAsync(store.EraseAsync(user.AccountId), Asked("delete_account", user, caller, context), audit))
            .WithName("EraseAccount").Describe("Erases the account and all that is its.", Problem.AccountDisabled);
        return routes;
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> EndSessions(
        SiteUser user, Client caller, SiteAccounts accounts, AuditTrail audit, HttpContext context,
        [Wire(SessionKind.Web, SessionKind.Mobile, Optional = true)] string? kind = null)
    {
        if (kind is not (null or SessionKind.Web or SessionKind.Mobile))
        {
            return Problem.InvalidRequest.Result(nameof(kind), "Give web or mobile, or leave it out.");
        }

        var ended = await accounts.EndSessionsAsync(user.AccountId, kind);
        var asked = Asked("end_sessions", user, caller, context);
        audit.Record(asked with { Detail = $"{ended}: {kind ?? "all"}, {asked.Detail}" });
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> AnswerAsync(Task<bool> act, AuditEvent asked, AuditTrail audit)
    {
        if (await act)
        {
            audit.Record(asked);
            return TypedResults.NoContent();
        }

        audit.Record(asked with { Why = Problem.AccountDisabled.Code, OncePerMinute = true });
        return Problem.AccountDisabled.Result();
    }

    private static AuditEvent Asked(string name, SiteUser user, Client caller, HttpContext context)
    {
        var asked = caller.Asks(name, context);
        return asked with { AccountId = user.AccountId, Detail = $"{user.ExternalId}, {asked.Detail}" }; // the account may be gone by then
    }
}
