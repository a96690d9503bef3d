using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace QrLogin.Server.Bindings;

/// <summary>
/// A device identifier in its normal form, the only one in which it is compared or stored; <c>normal_identifier</c> in
/// <c>db/003_identifiers.sql</c> is the same rule. It finds an account, it proves nothing: anybody may know it.
/// </summary>
internal readonly partial record struct Identifier
{
    public const string KindHint = "Give phone, imei, imsi, iccid, mac or app.";

    private Identifier(string kind, string value) => (Kind, Value) = (kind, value);

    /// <summary>phone, imei, imsi, iccid, mac or app.</summary>
    public string Kind { get; }

    public string Value { get; }

    /// <summary><c>kind:value</c>, as the column <c>binding.key</c>.</summary>
    public string Key => $"{Kind}:{Value}";

    /// <summary>For people: the last four characters, at most a third; the others are bullets, a phone number's + stays.</summary>
    public string Masked
    {
        get
        {
            var shown = Math.Min(4, Value.Length / 3);
            var hidden = new string('•', Value.Length - shown);
            return (Kind == "phone" ? $"+{hidden[1..]}" : hidden) + Value[^shown..];
        }
    }

    /// <summary>What is stored already, and so in its normal form.</summary>
    public static Identifier Stored(string kind, string value) => new(kind, value);

    /// <returns>False when the value is refused or the kind is unknown.</returns>
    public static bool TryNormalize(string kind, string value, out Identifier identifier)
    {
        var normal = kind switch
        {
            "phone" => ZeroInParentheses().IsMatch(Without(value, " -.")) ? null : Match(Phone(), Without(value, " -.()")),
            "imei" => MatchDigits(Imei(), Without(value, " -/"), luhn: true),
            "imsi" => MatchDigits(Imsi(), Without(value, " -"), luhn: false),
            "iccid" => NormalIccid(Without(value, " -")),
            "mac" => NormalMac(Without(value, ":-.").ToLowerInvariant()),
            "app" => Match(App(), value),
            _ => null,
        };
        identifier = normal is null ? default : new Identifier(kind, normal);
        return normal is not null;
    }

    /// <summary>What a value of this kind looks like, for the client's developer.</summary>
    public static string Hint(string kind) => kind switch
    {
        "phone" => "Give an E.164 number: + and 7 to 15 digits, the first not 0.",
        "imei" => "Give 15 digits, the last the Luhn check digit of the others.",
        "imsi" => "Give 14 or 15 digits.",
        "iccid" => "Give 19 or 20 of 0-9 A-Z, starting with 89; if all are digits, the last is a Luhn check digit.",
        "mac" => "Give a unicast address such as a4:83:e7:01:02:03; 02:00:00:00:00:00 stands for a hidden one.",
        _ => "Give 22 to 128 of A-Z a-z 0-9 - _ .",
    };

    public static bool IsKind([NotNullWhen(true)] string? kind) => kind is "phone" or "imei" or "imsi" or "iccid" or "mac" or "app";

    public override string ToString() => $"{Kind}:{Masked}";

    private static string? NormalIccid(string value)
    {
        var unpadded = value.EndsWith('F') ? value[..^1] : value;
        return Match(Iccid(), unpadded) is { } iccid && (iccid.Any(char.IsAsciiLetter) || LuhnIsRight(iccid)) ? iccid : null;
    }

    private static string? NormalMac(string value) =>
        Match(Mac(), value) is { } mac && mac is not ("000000000000" or "020000000000")
            ? string.Join(':', mac.Chunk(2).Select(octet => new string(octet)))
            : null;

    private static string? MatchDigits(Regex form, string value, bool luhn) =>
        Match(form, value) is { } digits && digits.AsSpan().IndexOfAnyExcept(digits[0]) >= 0 && (!luhn || LuhnIsRight(digits))
            ? digits
            : null;

    private static string? Match(Regex form, string value) => form.IsMatch(value) ? value : null;

    private static string Without(string value, string separators) =>
        value.AsSpan().IndexOfAny(separators) < 0 ? value : string.Concat(value.Where(c => !separators.Contains(c)));

    /// <summary>ISO/IEC 7812-1: from the right, every second digit doubled, its digits added, the sum a multiple of ten.</summary>
    private static bool LuhnIsRight(string digits)
    {
        var sum = 0;
        for (var place = 1; place <= digits.Length; place++)
        {
            var digit = digits[^place] - '0';
            sum += place % 2 == 0 ? (digit * 2 / 10) + (digit * 2 % 10) : digit;
        }

        return sum % 10 == 0;
    }

    [GeneratedRegex(@"\(0\)", RegexOptions.CultureInvariant)]
    private static partial Regex ZeroInParentheses();

    [GeneratedRegex(@"^\+[1-9][0-9]{6,14}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Phone();

    [GeneratedRegex(@"^[0-9]{15}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Imei();

    [GeneratedRegex(@"^[0-9]{14,15}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Imsi();

    [GeneratedRegex(@"^89[0-9A-Z]{16,17}[0-9A-EG-Z]\z", RegexOptions.CultureInvariant)]
    private static partial Regex Iccid();

    [GeneratedRegex(@"^[0-9a-f][02468ace][0-9a-f]{10}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Mac();

    [GeneratedRegex(@"^[A-Za-z0-9_.-]{22,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex App();
}
