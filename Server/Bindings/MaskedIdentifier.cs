namespace QrLogin.Server.Bindings;

/// <summary>An identifier as people may see it.</summary>
internal sealed record MaskedIdentifier(string Kind, string Masked)
{
    public static readonly MaskedIdentifier Example = new("phone", "+•••••••••0199");

    public static MaskedIdentifier[] Of(Identifier[] identifiers) =>
        Array.ConvertAll(identifiers, each => new MaskedIdentifier(each.Kind, each.Masked));
}
