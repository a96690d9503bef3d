using System.Globalization;
using System.Text;

namespace QrLogin.Server.Http;

/// <summary>Text from elsewhere that people are shown.</summary>
internal static class PlainText
{
    /// <summary>What people or their devices are called, in UTF-16 units.</summary>
    public const int LongestName = 100;

    /// <summary>What is left without control and format characters, cut to so many UTF-16 units, without space around it.</summary>
    /// <returns>Null where nothing is left.</returns>
    public static string? Of(string? text, int maxLength)
    {
        var clean = new StringBuilder();
        foreach (var rune in (text ?? "").EnumerateRunes())
        {
            var harmful = rune == Rune.ReplacementChar || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
            if (harmful)
            {
                continue;
            }

            if (clean.Length + rune.Utf16SequenceLength > maxLength)
            {
                break;
            }

            clean.Append(rune.ToString());
        }

        var trimmed = clean.ToString().Trim();
        return trimmed.Length > 0 ? trimmed : null;
    }
}
