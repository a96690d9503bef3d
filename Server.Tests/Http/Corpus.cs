using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Http;

/// <summary>The tables of <c>Server.Tests/Corpus</c>, and what must be true of each answer to what stands in them.</summary>
internal static partial class Corpus
{
    private static readonly string Protocol = File.ReadAllText(Path.Combine(TestDatabase.Root, "Server", "PROTOCOL.md"));

    /// <summary>The lines of a table, comments left out, columns apart.</summary>
    public static string[][] Table(string file)
    {
        string[][] lines =
        [
            .. from line in File.ReadLines(Path.Combine(TestDatabase.Root, "Server.Tests", "Corpus", file))
               where line.Length > 0 && !line.StartsWith('#')
               select line.Split('\t'),
        ];
        Assert.That(lines, Has.Length.GreaterThan(20));
        return lines;
    }

    /// <summary><c>\r \n \t \\ \xNN</c> are bytes, <c>{ab*3}</c> is ababab.</summary>
    public static byte[] Bytes(string text) =>
        Encoding.Latin1.GetBytes(Escapes().Replace(
            Repeats().Replace(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)), repeat =>
                new StringBuilder().Insert(0, repeat.Groups[1].Value, int.Parse(repeat.Groups[2].Value, null)).ToString()),
            escape => escape.Value[1] switch
            {
                'r' => "\r",
                'n' => "\n",
                't' => "\t",
                '\\' => "\\",
                _ => $"{(char)byte.Parse(escape.Value[2..], NumberStyles.HexNumber, null)}",
            }));

    /// <summary>An error of ours is problem+json with a code of PROTOCOL.md; none is the server's fault or shows its inside.</summary>
    public static void AssertHarmless(int status, string? contentType, string body, string what)
    {
        Assert.That(status, Is.LessThan(500).Or.EqualTo(505), $"{what}: {body}");
        Assert.That(body, Does.Not.Match(@"Exception|System\.|Microsoft|Npgsql|   at |\.cs\b|SQL"), what);
        if (status >= 400 && body.Length > 0)
        {
            Assert.That(contentType, Does.StartWith("application/problem+json"), what);
            Assert.That(Protocol, Does.Contain($"`{System.Text.Json.Nodes.JsonNode.Parse(body)!["code"]}`"), what);
        }
    }

    /// <summary>Somebody is signed in on the PC and, by what it shows, on the phone.</summary>
    public static async Task AssertStillSignsInAsync(TestServer server)
    {
        using var phone = new Phone(server);
        using var browser = await Browser.AtAsync(server, await World.Admin.HasAccountAsync(phone));
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        Assert.That((await phone.ScanAsync(await browser.Page.HearsAsync("qr"))).Status, Is.EqualTo(200));
        Assert.That((await phone.WhoAmIAsync()).Status, Is.EqualTo(200));
    }

    [GeneratedRegex(@"\\(?:[rnt\\]|x[0-9a-f]{2})")]
    private static partial Regex Escapes();

    [GeneratedRegex(@"\{([^{}]+)\*(\d+)\}")]
    private static partial Regex Repeats();
}
