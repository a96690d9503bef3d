using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using QrLogin.Server.Bindings;
using QrLogin.Server.Clients;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Backend;

/// <summary>The devices of the site's users, as far as the site has verified them.</summary>
internal static class BindingEndpoints
{
    public static IEndpointRouteBuilder MapBindings(this IEndpointRouteBuilder routes)
    {
        var user = routes.MapGroup("/api/backend/accounts/{externalId}").RequireClient(ClientScope.Bindings);
        user.MapGet("/bindings", ListBindings)
            .Describe("The account's bindings, the oldest first.").Examples(BindingListResponse.Example);
        user.MapPost("/bindings", Bind)
            .Describe("Binds a device to the account, or gives its binding another label.", Problem.IdentifierTaken)
            .Examples(BindRequest.Example);
        user.MapPost("/bindings/remove", Unbind) // an identifier stands in no address: those are logged
            .Describe("Unbinds a device.").Examples(BindRequest.Example with { Label = null });
        return routes;
    }

    /// <summary>Binds it, unless another account has it, and tells the audit trail.</summary>
    /// <returns>Why not; null where it is bound.</returns>
    public static async Task<Problem?> BindAsync(
        Guid accountId, Identifier identifier, string? label, Client caller, BindingStore bindings, AuditTrail audit, HttpContext context)
    {
        var isBound = await bindings.AddAsync(accountId, identifier, label);
        var refusal = isBound is true ? null : isBound is null ? Problem.NotFound : Problem.IdentifierTaken;
        audit.Record(Asked("bind", accountId, identifier, caller, context) with
        {
            Why = refusal?.Code,
            OncePerMinute = refusal is not null,
        });
        return refusal;
    }

    private static async Task<Ok<BindingListResponse>> ListBindings(SiteUser user, BindingStore bindings) =>
        TypedResults.Ok(new BindingListResponse(Array.ConvertAll(await bindings.ListAsync(user.AccountId), ListedBinding.Of)));

    private static async Task<Results<NoContent, ProblemHttpResult>> Bind(
        BindRequest request, SiteUser user, Client caller, BindingStore bindings, AuditTrail audit, HttpContext context) =>
        await BindAsync(user.AccountId, request.Normal, request.PlainLabel, caller, bindings, audit, context)
            is { } refusal ? refusal.Result() : TypedResults.NoContent();

    private static async Task<Results<NoContent, ProblemHttpResult>> Unbind(
        BindRequest request, SiteUser user, Client caller, BindingStore bindings, AuditTrail audit, HttpContext context)
    {
        var isUnbound = await bindings.RemoveAsync(user.AccountId, request.Normal);
        audit.Record(Asked("unbind", user.AccountId, request.Normal, caller, context) with
        {
            Why = isUnbound ? null : Problem.NotFound.Code,
        });
        return isUnbound ? TypedResults.NoContent() : Problem.NotFound.Result();
    }

    private static AuditEvent Asked(string name, Guid accountId, Identifier identifier, Client caller, HttpContext context) =>
        new(AuditEvent.Client, name, ClientAddress.Of(context))
        {
            AccountId = accountId,
            Detail = $"{identifier.Kind} {identifier.Masked}, by {caller.Name}",
        };
}

/// <param name="Kind">As in <c>identifiers</c> of identify.</param>
/// <param name="Value">In any form that has a normal form.</param>
/// <param name="Label">What the site calls the device: at most 100 UTF-16 units; null leaves it as it is.</param>
public sealed record BindRequest(
    [property: Wire(Pattern = SubmittedIdentifiers.KindPattern)] string? Kind, [property: Wire] string? Value, string? Label)
    : IValidatableObject
{
    internal static readonly BindRequest Example = new("phone", "+86 138 0013 8000", "Pixel 10");

    internal Identifier Normal => new[] { new SubmittedIdentifier(Kind, Value) }.Normal()[0];

    internal string? PlainLabel => PlainText.Of(Label, 100);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Identifier.IsKind(Kind))
        {
            yield return new ValidationResult(Identifier.KindHint, [nameof(Kind)]);
        }
        else if (!Identifier.TryNormalize(Kind, Value ?? "", out _))
        {
            yield return new ValidationResult(Identifier.Hint(Kind), [nameof(Value)]);
        }
    }

    public override string ToString() => $"{nameof(BindRequest)} of kind {Kind}";
}

/// <param name="Bindings">The oldest first.</param>
internal sealed record BindingListResponse(ListedBinding[] Bindings)
{
    public static readonly BindingListResponse Example =
        new([new("phone", "+•••••••••8000", "Pixel 10", DateTime.UnixEpoch.AddDays(20_417))]);
}

/// <param name="Masked">As everywhere.</param>
/// <param name="CreatedAt">UTC, as RFC 3339.</param>
internal sealed record ListedBinding(string Kind, string Masked, string? Label, DateTime CreatedAt)
{
    public static ListedBinding Of(BindingRow row) =>
        new(row.Kind, Identifier.Stored(row.Kind, row.Value).Masked, row.Label, row.CreatedAt);
}
