using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using QrLogin.Server.Bindings;
using QrLogin.Server.Clients;
using QrLogin.Server.Http;

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
            .Describe("Binds a device to the account, or gives its binding another label.",
                Problem.IdentifierTaken, Problem.TooManyBindings)
            .Examples(BindRequest.Example);
        user.MapPost("/bindings/remove", Unbind) // an identifier stands in no address: those are logged
            .Describe("Unbinds a device.").Examples(BindRequest.Example with { Label = null });
        return routes;
    }

    private static async Task<Ok<BindingListResponse>> ListBindings(SiteUser user, BindingStore bindings) =>
        TypedResults.Ok(new BindingListResponse(Array.ConvertAll(await bindings.ListAsync(user.AccountId), ListedBinding.Of)));

    private static async Task<Results<NoContent, ProblemHttpResult>> Bind(
        BindRequest request, SiteUser user, Client caller, BindingStore bindings, HttpContext context) =>
        await bindings.AddAsync(user.AccountId, request.Submitted.Normal, request.PlainLabel, caller.Asks("bind", context))
            is { } refusal ? refusal.Result() : TypedResults.NoContent();

    private static async Task<Results<NoContent, ProblemHttpResult>> Unbind(
        BindRequest request, SiteUser user, Client caller, BindingStore bindings, HttpContext context) =>
        await bindings.RemoveAsync(user.AccountId, request.Submitted.Normal, caller.Asks("unbind", context))
            is { } refusal ? refusal.Result() : TypedResults.NoContent();
}

/// <param name="Kind">As in <c>identifiers</c> of identify.</param>
/// <param name="Value">In any form that has a normal form.</param>
/// <param name="Label">What the site calls the device: at most 100 UTF-16 units; null leaves it as it is.</param>
public sealed record BindRequest(
    [property: Wire(Pattern = SubmittedIdentifiers.KindPattern)] string? Kind, [property: Wire] string? Value, string? Label)
    : IValidatableObject
{
    internal static readonly BindRequest Example = new("phone", SubmittedIdentifier.Example.Value, "Pixel 10");

    internal SubmittedIdentifier Submitted => new(Kind, Value);

    internal string? PlainLabel => PlainText.Of(Label, PlainText.LongestName);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Submitted.Fault("") is { } fault ? [fault] : [];

    public override string ToString() => $"{nameof(BindRequest)} of kind {Kind}";
}

/// <param name="Bindings">The oldest first.</param>
internal sealed record BindingListResponse(ListedBinding[] Bindings)
{
    public static readonly BindingListResponse Example =
        new([new("phone", MaskedIdentifier.Example.Masked, "Pixel 10", DateTime.UnixEpoch.AddDays(20_417))]);
}

/// <param name="Masked">As everywhere.</param>
/// <param name="CreatedAt">UTC, as RFC 3339.</param>
internal sealed record ListedBinding(string Kind, string Masked, string? Label, DateTime CreatedAt)
{
    public static ListedBinding Of(BindingRow row) =>
        new(row.Kind, Identifier.Stored(row.Kind, row.Value).Masked, row.Label, row.CreatedAt);
}
