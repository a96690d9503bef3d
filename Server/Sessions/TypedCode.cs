using System.Globalization;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Sessions;

/// <summary>
/// What is typed on a phone that cannot scan: 40 bits in eight symbols of Crockford's base32, the same for one attempt and session
/// whenever and wherever it is shown, because it is derived from both. Alone it is worth nothing: it serves the attempt's phone.
/// </summary>
internal sealed class TypedCode
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int Length = 8;

    private readonly string symbols;

    private TypedCode(string symbols) => this.symbols = symbols;

    /// <summary>As it is shown: <c>XXXX-XXXX</c>.</summary>
    public string Text => $"{symbols[..(Length / 2)]}-{symbols[(Length / 2)..]}";

    public static TypedCode For(Guid attemptId, Secret sessionKey) =>
        new(sessionKey.For(attemptId.ToByteArray(bigEndian: true)).Symbols(Alphabet, Length));

    /// <summary>Reads what a person typed: in any case, with any spaces and hyphens, O for 0, I and L for 1.</summary>
    /// <returns>Null where that does not leave eight symbols.</returns>
    public static TypedCode? Parse(string? text)
    {
        Span<char> symbols = stackalloc char[Length];
        var count = 0;
        foreach (var typed in text ?? "")
        {
            if (char.IsWhiteSpace(typed) || char.GetUnicodeCategory(typed) == UnicodeCategory.DashPunctuation)
            {
                continue;
            }

            var symbol = Symbol(typed);
            if (count == Length || !Alphabet.Contains(symbol, StringComparison.Ordinal))
            {
                return null;
            }

            symbols[count++] = symbol;
        }

        return count == Length ? new TypedCode(symbols.ToString()) : null;
    }

    /// <summary>The form that is stored, 32 bytes.</summary>
    public byte[] Hash(Guid attemptId) => Secret.SlowHash(symbols, attemptId);

    public override string ToString() => "[typed code]";

    private static char Symbol(char typed) => (char.IsAsciiLetterLower(typed) ? (char)(typed - 'a' + 'A') : typed) switch
    {
        'O' => '0',
        'I' or 'L' => '1',
        var other => other,
    };
}
