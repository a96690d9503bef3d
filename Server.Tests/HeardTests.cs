using QrLogin.Server.Tests.Descriptions;

namespace QrLogin.Server.Tests;

/// <summary>
/// After all other tests: whatever the server says of itself in its descriptions, some test has heard. Fixtures that run alone come last,
/// in the order of their names.
/// </summary>
[NonParallelizable]
internal sealed class HeardTests
{
    [Test]
    public void All_that_is_described_is_heard()
    {
        var unheard = Described.Sayable.Except(Described.Heard)
            .Where(each => !each.StartsWith("HEAD ", StringComparison.Ordinal) && !each.EndsWith(" 500 internal_error", StringComparison.Ordinal))
            .ToList();
        Assert.That(string.Join("\n", unheard), Is.Empty);
    }
}
