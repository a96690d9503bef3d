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
        var code = string.Concat(Scripts().Where(file => !file.EndsWith("en.js", StringComparison.Ordinal)).Select(File.ReadAllText));
        string[] kinds = ["phone", "imei", "imsi", "iccid", "mac", "app"];
        string[] outcomes = ["declined", "expired", "replaced", "gone", "undone"];
        string[] faults = ["refused", "missing", "busy"];
        string[] told = ["insecure", "ended", "unasked", "out", "notMe"];
        List<string> composed =
        [
            .. Codes().Concat(["unreachable", "page_fault"]).SelectMany(each => new[] { $"error.{each}", $"error.{each}.help" }),
            .. kinds.Select(each => $"kind.{each}"),
            .. outcomes.Select(each => $"notice.{each}"),
            .. faults.Select(each => $"phone.camera.{each}"),
            .. told.SelectMany(each => new[] { $"phone.{each}.title", $"phone.{each}.lead" }),
        ];
        Assert.That(composed.Except(Keys()), Is.Empty, "without words");
        Assert.That(Keys().Except(composed).Where(key => !code.Contains($"'{key}'", StringComparison.Ordinal)), Is.Empty, "unused");
    }

    /// <summary>Those of PROTOCOL.md's errors.</summary>
    private static IEnumerable<string> Codes() => typeof(Problem).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.FieldType == typeof(Problem)).Select(field => ((Problem)field.GetValue(null)!).Code);

    private static List<string> Keys() =>
        [.. Key().Matches(File.ReadAllText(Path.Combine(Folder, "common", "en.js"))).Select(match => match.Groups[1].Value)];

    private static IEnumerable<string> Scripts() => Directory.EnumerateFiles(Folder, "*.js", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/vendor/", StringComparison.Ordinal));

    [GeneratedRegex(@"^  '([\w.]+)':", RegexOptions.Multiline)]
    private static partial Regex Key();
}
