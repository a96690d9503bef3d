using System.Reflection;
using System.Text.RegularExpressions;
using QrLogin.Server.Http;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The words of the pages.</summary>
internal sealed partial class WordsTests
{
    private static readonly string Folder = Path.Combine(TestDatabase.Root, "Server", "wwwroot");

    [Test]
    public void Every_error_and_every_state_has_words_and_no_word_is_unused()
    {
        var code = string.Concat(Scripts().Where(file => !IsWords(file)).Select(File.ReadAllText));
        string[] kinds = ["phone", "imei", "imsi", "iccid", "mac", "app"];
        string[] outcomes = ["declined", "expired", "replaced", "gone", "undone"];
        string[] faults = ["refused", "missing", "busy"];
        string[] toBackends = // no page of ours hears them
            ["client_required", "scope_required", "identifier_taken", "too_many_bindings", "invalid_handoff"];
        string[] told = ["insecure", "ended", "unasked", "out", "notMe"];
        List<string> composed =
        [
            .. Codes().Except(toBackends).Concat(["unreachable", "page_fault"])
                .SelectMany(each => new[] { $"error.{each}", $"error.{each}.help" }),
            .. kinds.Select(each => $"kind.{each}"),
            .. outcomes.Select(each => $"notice.{each}"),
            .. faults.Select(each => $"phone.camera.{each}"),
            .. told.SelectMany(each => new[] { $"phone.{each}.title", $"phone.{each}.lead" }),
        ];
        Assert.That(composed.Except(Keys()), Is.Empty, "without words");
        Assert.That(Keys().Except(composed).Where(key => !code.Contains($"'{key}'", StringComparison.Ordinal)), Is.Empty, "unused");
    }

    [Test]
    public void Every_language_has_the_same_words_with_the_same_gaps()
    {
        var english = Words("en");
        var chinese = Words("zh");
        Assert.That(chinese.Keys, Is.EquivalentTo(english.Keys));
        foreach (var (key, text) in english)
        {
            Assert.That(Gaps(chinese[key]), Is.EquivalentTo(Gaps(text)), key);
        }

        IEnumerable<string> Gaps(string text) => Gap().Matches(text).Select(match => match.Value).Distinct();
    }

    /// <summary>
    /// What people read begins with a capital, as a single word too, has a blank between two words, or is Chinese; what scripts say to the
    /// machine does none of that. Words that do none of it either are found on the page: <see cref="PseudoLanguageTests"/>.
    /// </summary>
    [Test]
    public void No_text_stands_in_the_code()
    {
        string[] names = ["BarcodeDetector", "Bearer ${token}", "Firefox", "Safari", "Android", "Macintosh", "Windows", "Linux"];
        var texts = from file in Scripts()
                    where !IsWords(file) && !file.Contains("/example/", StringComparison.Ordinal)
                    from literal in Literal().Matches(Comment().Replace(File.ReadAllText(file), "")).Select(match => match.Groups[2].Value)
                    where Text().IsMatch(Filled().Replace(literal, "")) && !names.Contains(literal)
                    select $"{file}: {literal}";
        Assert.That(texts, Is.Empty);
    }

    /// <summary>Those of PROTOCOL.md's errors.</summary>
    private static IEnumerable<string> Codes() => typeof(Problem).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.FieldType == typeof(Problem)).Select(field => ((Problem)field.GetValue(null)!).Code);

    private static List<string> Keys() => [.. Words("en").Keys];

    private static Dictionary<string, string> Words(string language) =>
        Key().Matches(File.ReadAllText(Path.Combine(Folder, "common", $"{language}.js")))
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);

    private static bool IsWords(string file) => Path.GetFileName(file) is "en.js" or "zh.js" or "language.js";

    private static IEnumerable<string> Scripts() => Directory.EnumerateFiles(Folder, "*.js", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/vendor/", StringComparison.Ordinal));

    /// <summary>A key, and the text up to the next one.</summary>
    [GeneratedRegex(@"^  '([\w.]+)':(.*?)(?=^  '|^};|^  //)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Key();

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Gap();

    [GeneratedRegex(@"^\W*[A-Z][a-z]|[A-Z][a-z]+ [a-z]|\p{Lo}|[…“”‘’]")]
    private static partial Regex Text();

    [GeneratedRegex(@"\$\{[^}]*\}")]
    private static partial Regex Filled();

    [GeneratedRegex(@"/\*.*?\*/|//[^\n]*", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"(['""`])((?:(?!\1)[^\\\n]|\\.)*)\1")]
    private static partial Regex Literal();
}
