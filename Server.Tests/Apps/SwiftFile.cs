using System.Text.RegularExpressions;

namespace QrLogin.Server.Tests.Apps;

/// <summary>JSON as Swift's coders write and read it: the members of structs.</summary>
internal sealed class SwiftFile : AppFile
{
    private SwiftFile(string text) : base(text)
    {
    }

    public static SwiftFile Of(string text) => new(text)
    {
        Calls =
        [
            .. from post in Regex.Matches(text, @"let answer: (\w+) = try await post\(""(/[^""]+)"", (\w+)")
               let body = post.Groups[3].Value
               let type = char.IsUpper(body[0]) ? body : All(text, $@"\b{body}: ([A-Z]\w+)\)").Except(["URLRequest"]).Single()
               select new AppCall(
                   "POST", post.Groups[2].Value,
                   [.. Members(text, type).Select(each => each.Member)],
                   [.. Members(text, post.Groups[1].Value).Select(each => (each.Member, each.Type is "Double" or "Int"))]),
            .. from get in All(text, @"origin \+ ""(/[^""]+)""") select new AppCall("GET", get, [], []),
        ],
        ProblemMember = Members(text, "Problem").Single().Member,
        WaitHeader = All(text, @"value\(forHTTPHeaderField: ""([^""]+)""\)").Single(),
        TicketPattern = All(text, @"range\(of: ""([^""]+)"", options: \.regularExpression\)").Single().Replace(@"\\", @"\"),
        Attempt = (
            [.. Members(text, "Attempt").Select(each => each.Member.Split('[')[0]).Distinct()],
            All(text, @"\battempt\.(\w+)")),
    };

    /// <summary>Of a struct, and of those in it.</summary>
    private static IEnumerable<(string Member, string Type)> Members(string text, string type) =>
        from member in Regex.Matches(All(text, $@"struct {type}: \w+ \{{([^}}]*)\}}").Single(), @"(?:let|var) (\w+): (\[?)(\w+)")
        let name = member.Groups[1].Value + (member.Groups[2].Length > 0 ? "[]" : "")
        from each in text.Contains($"private struct {member.Groups[3].Value}:", StringComparison.Ordinal)
            ? Members(text, member.Groups[3].Value).Select(inner => ($"{name}.{inner.Member}", inner.Type))
            : [(name, member.Groups[3].Value)]
        select each;
}
