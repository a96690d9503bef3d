using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace QrLogin.Server.Tests.Host;

/// <summary>
/// Finds secrets in text: as they are, in hex, base64, base64url, JSON's and URLs' escapes, and what they decode to; whole or either half.
/// What is too short or too plain not to be met by chance is not looked for. Each place in a line is looked up once, whatever the number
/// of secrets. Immutable once filled.
/// </summary>
internal sealed class Needles
{
    private const int Start = 8;
    private const int Plain = 5;
    private const int Half = 11;
    private const int FilterBits = 22;

    private readonly Dictionary<ulong, List<Needle>> byStart = [];
    private readonly bool[] filter = new bool[1 << FilterBits];

    public int Count { get; private set; }

    /// <param name="name">What it is, for the report.</param>
    public void Add(string name, string secret)
    {
        if (secret.Length < Start || secret.Distinct().Count() < Plain)
        {
            return;
        }

        Count++;
        foreach (var form in Forms(secret).Distinct())
        {
            if (form.Length >= 2 * Half)
            {
                Put(new Needle(name, Encoding.UTF8.GetBytes(form[..(form.Length / 2)]), IsWord: false));
                Put(new Needle(name, Encoding.UTF8.GetBytes(form[(form.Length / 2)..]), IsWord: false));
            }
            else
            {
                Put(new Needle(name, Encoding.UTF8.GetBytes(form), IsWord: form.Length < 2 * Start));
            }
        }
    }

    /// <returns>What was found in which line; as many as fit on a screen.</returns>
    public List<string> In(IEnumerable<string> lines) => [.. lines.SelectMany(Find).Take(20)];

    private IEnumerable<string> Find(string line)
    {
        var text = Encoding.UTF8.GetBytes(line);
        for (var at = 0; at + Start <= text.Length; at++)
        {
            var start = BinaryPrimitives.ReadUInt64LittleEndian(text.AsSpan(at));
            if (filter[Slot(start)] && byStart.TryGetValue(start, out var needles)
                && needles.Find(each => each.IsAt(text, at)) is { } found)
            {
                yield return $"{found.Name} {Encoding.UTF8.GetString(found.Text)}: {Around(text, at)}";
                yield break;
            }
        }
    }

    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        yield return JsonEncodedText.Encode(secret).Value;
        List<byte[]> meanings = [Encoding.UTF8.GetBytes(secret)];
        if (Base64Url.IsValid(secret) && secret.Length >= 2 * Half)
        {
            meanings.Add(Base64Url.DecodeFromChars(secret));
        }

        foreach (var bytes in meanings)
        {
            yield return Convert.ToHexStringLower(bytes);
            yield return Convert.ToHexString(bytes);
            yield return Convert.ToBase64String(bytes).TrimEnd('=');
            yield return Base64Url.EncodeToString(bytes);
        }
    }

    private void Put(Needle needle)
    {
        var start = BinaryPrimitives.ReadUInt64LittleEndian(needle.Text);
        filter[Slot(start)] = true;
        if (!byStart.TryGetValue(start, out var needles))
        {
            byStart[start] = needles = new(1);
        }

        needles.Add(needle);
    }

    private static int Slot(ulong start) => (int)((start * 0x9E3779B97F4A7C15) >> (64 - FilterBits));

    private static string Around(byte[] text, int at)
    {
        var from = Math.Max(0, at - 100);
        return Encoding.UTF8.GetString(text, from, Math.Min(text.Length - from, 260));
    }

    /// <param name="IsWord">Short: it counts only where it is a word of its own.</param>
    private sealed record Needle(string Name, byte[] Text, bool IsWord)
    {
        public bool IsAt(byte[] text, int at) =>
            text.AsSpan(at).StartsWith(Text) && (!IsWord || (IsEdge(text, at - 1) && IsEdge(text, at + Text.Length)));

        private static bool IsEdge(byte[] text, int at) => at < 0 || at >= text.Length || !char.IsAsciiLetterOrDigit((char)text[at]);
    }
}
