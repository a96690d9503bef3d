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
