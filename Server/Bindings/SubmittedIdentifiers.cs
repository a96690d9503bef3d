using System.ComponentModel.DataAnnotations;
using QrLogin.Server.Http;

namespace QrLogin.Server.Bindings;

/// <summary>An identifier as a phone or a site writes it: one of the kinds, in any form that has a normal form.</summary>
public sealed record SubmittedIdentifier(
    [property: Wire(Pattern = SubmittedIdentifiers.KindPattern)] string? Kind, [property: Wire] string? Value)
{
    internal static readonly SubmittedIdentifier Example = new("phone", "+999 001 555 0199");

    /// <summary>Of one without <see cref="Fault"/>.</summary>
    internal Identifier Normal =>
        Identifier.TryNormalize(Kind!, Value!, out var normal) ? normal : throw new FormatException("It has a fault.");

    /// <summary>What is wrong with it; null where it has a normal form.</summary>
    /// <param name="prefix">Where its members are, as the client knows it.</param>
    internal ValidationResult? Fault(string prefix) =>
        !Identifier.IsKind(Kind) ? new ValidationResult(Identifier.KindHint, [prefix + nameof(Kind)])
        : !Identifier.TryNormalize(Kind, Value ?? "", out _) ? new ValidationResult(Identifier.Hint(Kind), [prefix + nameof(Value)])
        : null;

    public override string ToString() => $"{nameof(SubmittedIdentifier)} of kind {Kind}";
}

/// <summary>One to eight identifiers.</summary>
internal static class SubmittedIdentifiers
{
    public const string KindPattern = "^(phone|imei|imsi|iccid|mac|app)$";
    public const int MaxCount = 8;

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
            if ((each ?? new SubmittedIdentifier(null, null)).Fault($"{member}[{index}].") is { } fault)
            {
                yield return fault;
            }
        }
    }

    /// <summary>The normal forms, in the order sent, each once; of those without <see cref="Faults"/>.</summary>
    public static Identifier[] Normal(this SubmittedIdentifier[] submitted) => [.. submitted.Select(each => each.Normal).Distinct()];
}
