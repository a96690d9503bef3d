using System.Collections.Concurrent;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace QrLogin.Server.Tests.Pages;

/// <summary>WCAG 2.2 AA, as far as a program can tell: axe-core's rules on a page as it is now. Any thread may ask.</summary>
internal static class Accessibility
{
    private static readonly AxeRunOptions Options = new()
    {
        RunOnly = new RunOnlyOptions
        {
            Type = "tag",
            Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        },
    };

    private static readonly ConcurrentDictionary<string, bool> Rules = [];
    private static int checks;
    private static int violated;

    /// <returns>The rules that found something to look at.</returns>
    public static async Task<IReadOnlyCollection<string>> CheckAsync(IPage page, string state)
    {
        var result = await page.RunAxe(Options).WaitAsync(TimeSpan.FromSeconds(30)); // it would wait forever where the page's clock stands
        Interlocked.Increment(ref checks);
        foreach (var rule in result.Passes)
        {
            Rules[rule.Id] = true;
        }

        Interlocked.Add(ref violated, result.Violations.Length);
        var violations = result.Violations.SelectMany(rule => rule.Nodes.Select(node => $"{rule.Id} ({rule.Help}): {node.Html}"));
        Assert.That(violations, Is.Empty, $"what axe finds on {state}");
        return [.. result.Passes.Select(rule => rule.Id)];
    }

    /// <summary>How much was checked, for the end of the run.</summary>
    public static string Report() => $"axe: {checks} pages checked, {Rules.Count} different rules passed, {violated} were violated";
}
