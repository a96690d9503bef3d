using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Apps;

/// <summary>
/// What a file of scripts/app says to the server and expects of it, read from its text: there is no phone here to run it on. Members are
/// paths such as <c>identifiers[].kind</c>. Immutable.
/// </summary>
internal abstract class AppFile(string text)
{
    public required IReadOnlyList<AppCall> Calls { get; init; }

    /// <summary>The member of a refusal that says why.</summary>
    public required string ProblemMember { get; init; }

    /// <summary>The header of a refusal that says how long to wait.</summary>
    public required string WaitHeader { get; init; }

    /// <summary>What a ticket looks like, in any of this language's ways to say "all of the text".</summary>
    public required string TicketPattern { get; init; }

    /// <summary>What is kept of an attempt, and what is read of it again.</summary>
    public required (string[] Kept, string[] Used) Attempt { get; init; }

    public string Text => text;

    /// <summary>The codes that its users are told something about.</summary>
    public string[] Codes => All(
        text[text.IndexOf("advice", StringComparison.Ordinal)..text.IndexOf("Try again later", StringComparison.Ordinal)], "\"([a-z_]+)\"");

    public AppCall Call(string method, string path) => Calls.Single(each => (each.Method, each.Path) == (method, path));

    public static AppFile Read(string name)
    {
        var text = File.ReadAllText(Path.Combine(TestDatabase.Root, "scripts", "app", name));
        return Path.GetExtension(name) == ".kt" ? KotlinFile.Of(text) : SwiftFile.Of(text);
    }

    /// <summary>What the pattern's first group is, wherever it occurs; a pattern that occurs nowhere has nothing to hold.</summary>
    protected static string[] All(string text, string pattern)
    {
        string[] found = [.. Regex.Matches(text, pattern).Select(match => match.Groups[1].Value).Distinct()];
        Assert.That(found, Is.Not.Empty, pattern);
        return found;
    }
}

/// <param name="Sent">What its bodies may have.</param>
/// <param name="Read">What is read of the answer, and whether as a number.</param>
internal sealed record AppCall(string Method, string Path, string[] Sent, (string Member, bool IsNumber)[] Read)
{
    /// <summary>A body with these values; a member that has none is one that the test does not know, and gets another.</summary>
    public JsonObject Body(Dictionary<string, string> values, params string[] without)
    {
        var body = new JsonObject();
        foreach (var member in Sent.Except(without))
        {
            var parts = member.Split('.');
            var node = body;
            foreach (var part in parts[..^1])
            {
                var name = part.Replace("[]", "");
                node[name] ??= name == part ? new JsonObject() : new JsonArray(new JsonObject());
                node = (node[name] as JsonArray)?[0]!.AsObject() ?? node[name]!.AsObject();
            }

            node[parts[^1]] = values.GetValueOrDefault(member, "?");
        }

        return body;
    }
}
