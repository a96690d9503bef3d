using System.Text.RegularExpressions;

namespace QrLogin.Server.Tests.Apps;

/// <summary>JSON as Android's org.json writes and reads it: <c>.put("name", …)</c> and <c>.getString("name")</c>.</summary>
internal sealed class KotlinFile : AppFile
{
    /// <summary>Inside of brackets, which may hold others, to a depth of three.</summary>
    private const string Inside = @"(?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*";

    private const string Getters = @"((?:\.get\w+\(""\w+""\))+)";

    private KotlinFile(string text) : base(text)
    {
    }

    public static KotlinFile Of(string text)
    {
        var functions = Regex.Split(text, @"(?=\bfun \w+\()").Skip(1).ToList();
        return new KotlinFile(text)
        {
            Calls =
            [
                .. from function in functions
                   from post in Regex.Matches(function, @"\bpost\(""(/[^""]+)"", (\w+)(\(\))?")
                   select new AppCall(
                       "POST", post.Groups[1].Value,
                       [
                           .. Members(text, function[(post.Index + post.Length)..]),
                           .. post.Groups[3].Success ? [] : Given(text, function),
                       ],
                       Reads(text, function)),
                .. from get in Regex.Matches(text, @"\bcall\(""(GET|DELETE)"", ""(/[^""]+)"", null")
                   select new AppCall(get.Groups[1].Value, get.Groups[2].Value, [], []),
            ],
            ProblemMember = All(text, @"JSONObject\(text\)\.getString\(""(\w+)""\)").Single(),
            WaitHeader = All(text, @"getHeaderFieldInt\(""([^""]+)""").Single(),
            TicketPattern = All(text, @"Regex\(""([^""]+)""\)\.matches").Single(),
            Attempt = (
                [.. Members(text, text[(text.IndexOf("vault[\"attempt\"] = JSONObject()", StringComparison.Ordinal) + 31)..])
                    .Select(member => member.Split('[')[0]).Distinct()],
                All(text, @"\battempt\.get\w+\(""(\w+)""\)")),
        };
    }

    /// <summary>Of the chain of puts that the text begins with.</summary>
    private static IEnumerable<string> Members(string text, string chain) =>
        from put in Puts(chain)
        let name = put.Groups[1].Value
        let value = put.Groups[2].Value.Trim()
        from member in value.StartsWith("JSONObject()", StringComparison.Ordinal)
                ? Members(text, value[12..]).Select(each => $"{name}.{each}")
            : value == "identifiers" || value.Contains("getJSONArray", StringComparison.Ordinal)
                ? Listed(text).Select(each => $"{name}[].{each}")
            : [name]
        select member;

    /// <summary>Of what is put into lists.</summary>
    private static IEnumerable<string> Listed(string text) =>
        All(text, @"\.put\(JSONObject\(\)(" + Inside + @")\)").SelectMany(each => Members(text, each)).Distinct();

    private static IEnumerable<Match> Puts(string chain)
    {
        var put = new Regex(@"\G\s*\.put\(""(\w+)"",(" + Inside + @")\)");
        for (var match = put.Match(chain); match.Success; match = match.NextMatch())
        {
            yield return match;
        }
    }

    /// <summary>What others give this function for its body.</summary>
    private static IEnumerable<string> Given(string text, string function) =>
        from call in Regex.Matches(text, $@"(?<!fun ){Name(function)}\((?:[^()]|\(\))*?JSONObject\(\)")
        from member in Members(text, text[(call.Index + call.Length)..])
        select member;

    /// <summary>In the function itself, and by those that it answers.</summary>
    private static (string Member, bool IsNumber)[] Reads(string text, string function) =>
    [
        .. from chain in All(function, @"\banswer" + Getters)
               .Concat(Regex.Matches(text, $@"\b{Name(function)}\({Inside}\){Getters}").Select(match => match.Groups[1].Value))
           let gets = Regex.Matches(chain, @"get(\w+)\(""(\w+)""\)")
           select (string.Join('.', gets.Select(get => get.Groups[2].Value)), gets[^1].Groups[1].Value is "Int" or "Long"),
    ];

    private static string Name(string function) => Regex.Match(function, @"fun (\w+)").Groups[1].Value;
}
