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
    public void Every_error_of_the_protocol_says_what_happened_and_what_to_do()
    {
        var codes = typeof(Problem).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.FieldType == typeof(Problem)).Select(field => ((Problem)field.GetValue(null)!).Code).ToList();
        Assert.That(codes, Has.Count.GreaterThan(15));
        var needed = codes.SelectMany(code => new[] { $"error.{code}", $"error.{code}.help" });
        Assert.That(needed.Except(Keys()), Is.Empty, "codes without words");
    }

    [Test]
    public void Every_text_is_used()
    {
        var code = string.Concat(Scripts().Where(file => !file.EndsWith("en.js", StringComparison.Ordinal)).Select(File.ReadAllText));
        var unused = Keys().Where(key => !code.Contains($"'{key}'", StringComparison.Ordinal)
            && !Regex.IsMatch(key, @"^(error|kind|notice|phone\.camera|phone\.(insecure|ended|unasked|out|notMe))\."));
        Assert.That(unused, Is.Empty);
    }

    private static List<string> Keys() =>
        [.. Key().Matches(File.ReadAllText(Path.Combine(Folder, "common", "en.js"))).Select(match => match.Groups[1].Value)];

    private static IEnumerable<string> Scripts() => Directory.EnumerateFiles(Folder, "*.js", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/vendor/", StringComparison.Ordinal));

    [GeneratedRegex(@"^  '([\w.]+)':", RegexOptions.Multiline)]
    private static partial Regex Key();
}
