using System.ComponentModel.DataAnnotations;
using QrLogin.Server.Http;

namespace QrLogin.Server.Bindings;

/// <summary>An identifier as a phone writes it: one of the kinds, in any form that has a normal form.</summary>
public sealed record SubmittedIdentifier(
    [property: Wire(Pattern = SubmittedIdentifiers.KindPattern)] string? Kind, [property: Wire] string? Value)
{
    public override string ToString() => $"{nameof(SubmittedIdentifier)} of kind {Kind}";
}

/// <summary>What a phone submits to identify and to redeem: one to eight identifiers.</summary>
internal static class SubmittedIdentifiers
{
    public const string KindPattern = "^(phone|imei|imsi|iccid|mac|app)$";
    private const int MaxCount = 8;

    /// <summary>What is wrong with them, named as the client knows the member; nothing when all have a normal form.</summary>
    public static IEnumerable<ValidationResult> Faults(this SubmittedIdentifier?[]? submitted, string member)
    {
        if (submitted is not { Length: > 0 and <= MaxCount })
        {
            yield return new ValidationResult($"Give one to {MaxCount} of them.", [member]);
            yield break;
        }

        foreach (var (index, each) in submitted.Index())
        {
            if (!Identifier.IsKind(each?.Kind))
            {
                yield return new ValidationResult(Identifier.KindHint, [$"{member}[{index}].{nameof(each.Kind)}"]);
            }
            else if (!Identifier.TryNormalize(each.Kind, each.Value ?? "", out _))
            {
                yield return new ValidationResult(Identifier.Hint(each.Kind), [$"{member}[{index}].{nameof(each.Value)}"]);
            }
        }
    }

    /// <summary>The normal forms, in the order sent, each once; of those without <see cref="Faults"/>.</summary>
    public static Identifier[] Normal(this SubmittedIdentifier[] submitted) => [.. submitted.Select(Normal).Distinct()];

    private static Identifier Normal(SubmittedIdentifier submitted) =>
        Identifier.TryNormalize(submitted.Kind!, submitted.Value!, out var normal) ? normal : throw new FormatException("It has faults.");
}
