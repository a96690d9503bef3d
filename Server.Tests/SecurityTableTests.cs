using System.Reflection;
using System.Text.RegularExpressions;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>Server/SECURITY.md promises tests: they exist, and no threat or mitigation is without one.</summary>
internal sealed class SecurityTableTests
{
    private static readonly string[][] Rows =
    [
        .. File.ReadLines(Path.Combine(TestDatabase.Root, "Server", "SECURITY.md"))
            .Select(line => line.Split(" | ").Select(cell => cell.Trim('|', ' ')).ToArray())
            .Where(cells => Regex.IsMatch(cells[0], @"^(T\d+|F\d+|\d+)$")),
    ];

    private static readonly HashSet<string> Tests =
    [
        .. from type in typeof(SecurityTableTests).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly)
           where method.GetCustomAttributes().Any(each => each is TestAttribute or TestCaseAttribute or TestCaseSourceAttribute)
           select method.Name,
    ];

    [Test]
    public void There_is_a_row_for_each_threat_and_for_each_mitigation() =>
        Assert.That(
            Rows.Select(cells => cells[0]).Where(id => id[0] != 'F'),
            Is.EqualTo(Enumerable.Range(1, 27).Select(i => $"T{i}").Concat(Enumerable.Range(1, 17).Select(i => $"{i}"))));

    [Test]
    public void There_is_a_row_for_each_fault() =>
        Assert.That(Rows.Select(cells => cells[0]).Where(id => id[0] == 'F'), Is.EqualTo(Enumerable.Range(1, 13).Select(i => $"F{i}")));

    [Test]
    public void Every_row_is_whole_and_names_tests_that_exist()
    {
        foreach (var cells in Rows)
        {
            var named = Regex.Matches(cells[^1], "`([^`]+)`").Select(match => match.Groups[1].Value).ToList();
            Assert.That(cells, Is.All.Not.Empty, $"a cell of {cells[0]}");
            Assert.That(cells, Has.Length.EqualTo(cells[0][0] == 'T' ? 5 : 4), cells[0]);
            Assert.That(named, Is.Not.Empty, cells[0]);
            Assert.That(named.Except(Tests), Is.Empty, $"tests of {cells[0]} that do not exist");
        }
    }
}
