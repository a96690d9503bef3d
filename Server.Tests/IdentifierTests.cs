using QrLogin.Server.Bindings;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>The normal form of identifiers: in C# and in SQL, held together by one corpus.</summary>
internal sealed class IdentifierTests
{
    [TestCaseSource(nameof(Corpus))]
    public void The_server_knows_the_normal_form(string kind, string written, string? normal)
    {
        Identifier.TryNormalize(kind, written, out var identifier);
        Assert.That(identifier.Value, Is.EqualTo(normal));
    }

    [TestCaseSource(nameof(Corpus))]
    public async Task PostgreSQL_knows_the_same_normal_form(string kind, string written, string? normal) =>
        Assert.That(
            await World.Admin.QueryAsync<string?>("select normal_identifier(@kind, @written)", new { kind, written }), Is.EqualTo(normal));

    /// <summary>Random strings of what matters to the kinds: both sides agree on each, and a normal form is its own normal form.</summary>
    [FsCheck.NUnit.Property(MaxTest = 20)]
    public void Both_sides_agree_on_anything(int seed)
    {
        var random = new Random(seed);
        string[] kinds = ["phone", "imei", "imsi", "iccid", "mac", "app"];
        var written = Enumerable.Range(0, 100).Select(_ => (Kind: kinds[random.Next(kinds.Length)], Value: Scramble(random))).ToArray();
        var fromSql = World.Admin.QueryAsync<string?[]>(
            "select array_agg(normal_identifier(kind, value) order by i) from unnest(@kinds, @values) with ordinality as t(kind, value, i)",
            new { kinds = written.Select(each => each.Kind).ToArray(), values = written.Select(each => each.Value).ToArray() })
            .GetAwaiter().GetResult();

        foreach (var ((kind, value), sql) in written.Zip(fromSql))
        {
            Identifier.TryNormalize(kind, value, out var identifier);
            Assert.That(identifier.Value, Is.EqualTo(sql), $"{kind} \"{value}\"");
            if (sql is not null)
            {
                Identifier.TryNormalize(kind, sql, out var again);
                Assert.That(again.Value, Is.EqualTo(sql), $"the normal form of {kind} \"{value}\"");
            }
        }
    }

    /// <summary>A valid value of the corpus with a few characters changed, or none.</summary>
    private static string Scramble(Random random)
    {
        const string alphabet = "0123456789abcdefABCDEFXZ+-./:_() \t\u00e9\u0661\uff11";
        var value = Values[random.Next(Values.Length)].ToList();
        for (var changes = random.Next(4); changes > 0; changes--)
        {
            var place = random.Next(value.Count + 1);
            if (random.Next(2) == 0 && place < value.Count)
            {
                value.RemoveAt(place);
            }

            value.Insert(Math.Min(place, value.Count), alphabet[random.Next(alphabet.Length)]);
        }

        return string.Concat(value);
    }

    private static readonly string[] Values = [.. Corpus().Select(each => (string)each.Arguments[1]!)];

    [TestCase("phone", "+8613800138000", "+•••••••••8000")]
    [TestCase("phone", "+1234567", "+•••••67")]
    [TestCase("mac", "a4:83:e7:01:02:03", "•••••••••••••2:03")]
    [TestCase("imei", "490154203237518", "•••••••••••7518")]
    public void Only_the_end_of_an_identifier_is_shown(string kind, string value, string masked) =>
        Assert.That(Identifier.Stored(kind, value).Masked, Is.EqualTo(masked));

    [Test]
    public void An_identifier_that_is_logged_shows_only_its_end() =>
        Assert.That($"{Identifier.Stored("phone", "+8613800138000")}", Is.EqualTo("phone:+•••••••••8000"));

    public static IEnumerable<TestCaseData> Corpus() =>
        from line in File.ReadLines(Path.Combine(TestDatabase.Root, "Server.Tests", "Corpus", "identifiers.tsv"))
        where !line.StartsWith('#')
        let row = line.Split('\t')
        select new TestCaseData(row[0], row[1].Replace("\\t", "\t", StringComparison.Ordinal), row[2] == "" ? null : row[2])
            .SetArgDisplayNames(row[0], $"\"{row[1]}\"");
}
