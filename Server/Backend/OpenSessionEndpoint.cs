using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using QrLogin.Server.Accounts;
using QrLogin.Server.Bindings;
using QrLogin.Server.Clients;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Backend;

/// <summary>The site's backend has signed its user in, and opens the session of that computer: its page gets a code for it.</summary>
internal static class OpenSessionEndpoint
{
    public static IEndpointRouteBuilder MapBackend(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/backend/sessions", OpenSession).RequireClient(ClientScope.Sessions)
            .Describe("The user has signed in at the site: makes or renames the account, binds, answers a code for the page.",
                Problem.AccountDisabled)
            .Examples(
                new OpenSessionRequest(new("4711", "Alice"), [SubmittedIdentifier.Example]),
                new OpenSessionResponse(
                    Secret.Example, SiteAccounts.HandoffLifetime,
                    [new("phone", MaskedIdentifier.Example.Masked, Problem.IdentifierTaken.Code)]));
        return routes.MapAccounts().MapBindings();
    }

    private static async Task<Results<Ok<OpenSessionResponse>, ProblemHttpResult>> OpenSession(
        OpenSessionRequest request, Client caller, SiteAccounts accounts, BindingStore bindings, AuditTrail audit, HttpContext context)
    {
        var asked = caller.Asks("open_session", context);
        var identifiers = request.Identifiers?.Normal() ?? [];
        if (identifiers.Length > 0 && !caller.Scopes.Contains(ClientScope.Bindings))
        {
            audit.Record(asked with { Why = Problem.ScopeRequired.Code, OncePerMinute = true });
            return Problem.ScopeRequired.Result();
        }

        var code = Secret.New(SiteAccounts.HandoffLength);
        var account = await accounts.OpenAsync(caller.Name, caller.Id, request.Account!.ExternalId!, request.Account.Name!, code);
        if (account.IsNew)
        {
            audit.Record(asked with { Name = "create_account", AccountId = account.Id });
        }

        if (account.IsDisabled)
        {
            audit.Record(asked with { AccountId = account.Id, Why = Problem.AccountDisabled.Code, OncePerMinute = true });
            return Problem.AccountDisabled.Result();
        }

        var conflicts = new List<BindingConflict>();
        foreach (var identifier in identifiers)
        {
            if (await bindings.AddAsync(account.Id, identifier, null, asked) is { } refusal)
            {
                conflicts.Add(new BindingConflict(identifier.Kind, identifier.Masked, refusal.Code));
            }
        }

        audit.Record(asked with { AccountId = account.Id });
        return TypedResults.Ok(new OpenSessionResponse(code.Text, SiteAccounts.HandoffLifetime, [.. conflicts]));
    }
}

/// <param name="Account">The site's user.</param>
/// <param name="Identifiers">One to eight of the user's devices, which the site has verified; null to change nothing.</param>
public sealed record OpenSessionRequest(
    [property: Wire] OpenedAccount? Account,
    [property: Wire(Least = 1, Most = SubmittedIdentifiers.MaxCount, Optional = true)] SubmittedIdentifier[]? Identifiers)
    : IValidatableObject
{
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!SiteUser.IsId(Account?.ExternalId))
        {
            yield return new ValidationResult(SiteUser.IdRule, [$"{nameof(Account)}.{nameof(Account.ExternalId)}"]);
        }

        if (Account?.Name is null)
        {
            yield return new ValidationResult("Give the user's name.", [$"{nameof(Account)}.{nameof(Account.DisplayName)}"]);
        }

        foreach (var fault in Identifiers is null ? [] : Identifiers.Faults(nameof(Identifiers)))
        {
            yield return fault;
        }
    }
}

/// <param name="ExternalId">What the site calls the user; case matters, and it never changes.</param>
/// <param name="DisplayName">What people are shown: without control and format characters, at most 100 UTF-16 units.</param>
public sealed record OpenedAccount(
    [property: Wire(Pattern = SiteUser.IdPattern)] string? ExternalId, [property: Wire(Pattern = @"\S")] string? DisplayName)
{
    internal string? Name => PlainText.Of(DisplayName, PlainText.LongestName);

    public override string ToString() => $"{nameof(OpenedAccount)} {ExternalId}";
}

/// <param name="Code">For <c>POST /api/session/handoff</c>, once.</param>
/// <param name="ExpiresIn">Whole seconds.</param>
/// <param name="Conflicts">Those of the identifiers that were not bound; one that another account has stays there.</param>
internal sealed record OpenSessionResponse(string Code, int ExpiresIn, BindingConflict[] Conflicts);

/// <param name="Code">As binding it alone would be refused: <c>identifier_taken</c>, <c>too_many_bindings</c>.</param>
internal sealed record BindingConflict(string Kind, string Masked, string Code);
