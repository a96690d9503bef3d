using System.Text.RegularExpressions;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>Which folder of Server/ may use which, and what is used in one place only. Read from the source.</summary>
internal sealed partial class StructureTests
{
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Storage"] = [],
        ["Bindings"] = ["Http", "Storage"],
        ["Http"] = ["Storage"],
        ["Sessions"] = ["Http", "Storage"],
        ["Accounts"] = ["Bindings", "Sessions", "Http", "Storage"],
        ["Clients"] = ["Http", "Storage"],
        ["OAuth"] = ["Clients", "Sessions", "Http", "Storage"],
        ["Backend"] = ["Accounts", "Clients", "Bindings", "Sessions", "Http", "Storage"],
        ["Connect"] = ["Bindings", "Sessions", "Http", "Storage"],
        ["Present"] = ["Connect", "Sessions", "Http", "Storage"],
        ["Identify"] = ["Connect", "Present", "Bindings", "Sessions", "Http", "Storage"],
        ["Descriptions"] = ["Connect", "Bindings", "Sessions", "Http", "Storage"],
        ["Redeem"] = ["Present", "Bindings", "Sessions", "Http", "Storage"],
    };

    private static readonly string Server = Path.Combine(TestDatabase.Root, "Server");

    [Test]
    public void A_folder_uses_only_the_folders_beneath_it()
    {
        foreach (var (folder, file, text) in Sources().Where(each => each.Folder != ""))
        {
            var used = MayUse.Keys.Where(other =>
                other != folder && Regex.IsMatch(text, $@"\bQrLogin\.Server\.{other}\b|(?<![\w.""/]){other}\.[A-Z]"));
            Assert.That(used.Except(MayUse[folder]), Is.Empty, $"what {file} uses");
        }
    }

    [Test]
    public void No_folder_uses_itself_through_others()
    {
        var above = new Stack<string>();
        void Visit(string folder)
        {
            Assert.That(above, Has.No.Member(folder), "a cycle");
            above.Push(folder);
            Array.ForEach(MayUse[folder], Visit);
            above.Pop();
        }

        foreach (var folder in MayUse.Keys)
        {
            Visit(folder);
        }
    }

    [Test]
    public void Every_folder_has_its_place() =>
        Assert.That(
            Sources().Select(each => each.Folder).Where(each => each != "").Distinct(), Is.EquivalentTo(MayUse.Keys));

    [TestCase(@"System\.Net\.WebSockets|\bWebSocket\b", "Connect/")]
    [TestCase("QRCoder", "Present/")]
    [TestCase("RandomNumberGenerator|SHA256", "Storage/Secret.cs")]
    public void Is_used_in_one_place_only(string pattern, string place)
    {
        var users = Sources().Where(each => Regex.IsMatch(Code(each.Text), pattern)).Select(each => each.File).ToList();
        Assert.That(users, Is.Not.Empty);
        Assert.That(users, Is.All.StartsWith(place));
    }

    [Test]
    public void Every_file_is_short() =>
        Assert.That(
            Sources().Select(each => Path.Combine(Server, each.File)).Concat(Pages("*.js", "*.css"))
                .Where(file => File.ReadLines(file).Count() > 200)
                .Where(file => !file.EndsWith("/en.js", StringComparison.Ordinal) && !file.EndsWith("/zh.js", StringComparison.Ordinal)),
            Is.Empty);

    [Test]
    public void Every_line_has_at_most_140_columns() =>
        Assert.That(
            Directory.EnumerateFiles(TestDatabase.Root, "*.cs", SearchOption.AllDirectories)
                .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
                .Concat(Pages("*.js", "*.css", "*.html"))
                .SelectMany(file => File.ReadLines(file).Where(line => line.Length > 140).Select(line => $"{file}: {line}")),
            Is.Empty);

    [Test]
    public void Program_fits_on_one_screen() =>
        Assert.That(File.ReadLines(Path.Combine(Server, "Program.cs")).Count(), Is.LessThanOrEqualTo(70));

    private static IEnumerable<(string Folder, string File, string Text)> Sources() =>
        from path in Directory.EnumerateFiles(Server, "*.cs", SearchOption.AllDirectories)
        let file = Path.GetRelativePath(Server, path)
        where !file.StartsWith("bin/", StringComparison.Ordinal) && !file.StartsWith("obj/", StringComparison.Ordinal)
        select (Path.GetDirectoryName(file)!, file, File.ReadAllText(path));

    /// <summary>The pages' own files, without those that npm fetched.</summary>
    private static IEnumerable<string> Pages(params string[] patterns) =>
        patterns.SelectMany(pattern => Directory.EnumerateFiles(Path.Combine(Server, "wwwroot"), pattern, SearchOption.AllDirectories))
            .Where(file => !file.Contains("/vendor/", StringComparison.Ordinal));

    /// <summary>Without comments and strings.</summary>
    private static string Code(string text) => CommentOrString().Replace(text, "");

    [GeneratedRegex("//.*|\"(\\\\.|[^\"\\\\])*\"")]
    private static partial Regex CommentOrString();
}
