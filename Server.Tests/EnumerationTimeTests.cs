using System.Diagnostics;
using System.Globalization;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>
/// SECURITY.md T7: how long an answer takes does not tell either. Times are compared by rank, on a server of its own and alone, because
/// machines are noisy: what one class does to another must be more than what it does to itself.
/// </summary>
[NonParallelizable]
internal sealed class EnumerationTimeTests
{
    private const int Rounds = 120;

    /// <summary>Milliseconds: less than this, or than a third of the whole, drowns in any network.</summary>
    private const double Drowns = 0.3;

    [Test]
    public async Task Identify_takes_as_long_for_nobody_as_for_somebody_who_is_not_to_be_found()
    {
        await using var server = new TestServer(World.Database);
        Phone NewPhone() => new(server, ("app", Phone.NewInstallId()), ("phone", Phone.NewNumber()));
        using Phone nobody = NewPhone(), nobodyElse = NewPhone(), offline = NewPhone(), disabled = NewPhone(), muted = NewPhone();
        await World.Admin.HasAccountAsync(offline);
        using var disabledPc = await Browser.AtAsync(server, await World.Admin.HasAccountAsync(disabled));
        await World.Admin.QueryAsync<int>(
            "select admin.disable_account(username) from account a join binding b on b.account_id = a.id where b.value = @Number",
            new { disabled.Number });
        Assert.That(await disabledPc.Page.IsClosedAsync(), Is.EqualTo(4401));
        using var mutedPc = await Browser.AtAsync(server, await World.Admin.HasAccountAsync(muted));
        await muted.IdentifyAsync();
        await mutedPc.CallAsync(HttpMethod.Post, $"/api/login/{muted.AttemptId}/decline");

        // What a leak shows it shows each time; what a busy machine shows is gone the next time.
        var isAlike = false;
        for (var tries = 1; !isAlike && tries <= 3; tries++)
        {
            isAlike = await AreAlikeAsync([nobody, nobodyElse, offline, disabled, muted]);
        }

        Assert.That(isAlike, "it takes as long, in one of three measurements");
    }

    private static async Task<bool> AreAlikeAsync(Phone[] classes)
    {
        var times = await MeasureAsync(Rounds, classes, async each => Assert.That((await each.IdentifyAsync()).Status, Is.EqualTo(404)));

        var medians = times.Select(each => each.Order().ElementAt(Rounds / 2)).ToList();
        var alike = Math.Max(Drowns, medians[0] / 3);
        var control = Slower(times[0], times[1], alike);
        var effects = times[2..].Select(each => Slower(times[0], each, alike)).ToList();
        await TestContext.Out.WriteLineAsync(
            $"""
            Slower than nobody: nobody else {control:0.00}; offline, disabled, muted {List(effects, "0.00")}
            Medians in ms: {List(medians, "0.00")}
            """);
        var tolerated = Math.Max(0.15, Math.Abs(control - 0.5) + 0.1);
        return effects.TrueForAll(each => Math.Abs(each - 0.5) <= tolerated);
    }

    [Test]
    public async Task Sign_in_takes_as_long_for_nobody_as_for_a_wrong_password_and_for_a_disabled_account()
    {
        await using var server = new TestServer(World.Database, new() { ["Limits:SignInFailuresPerMinute"] = "1000" });
        var nobody = new Account($"nobody.{Guid.NewGuid():N}", "");
        var alice = new Account($"alice.{Guid.NewGuid():N}", "Alice");
        var disabled = new Account($"bob.{Guid.NewGuid():N}", "Bob");
        foreach (var each in new[] { alice, disabled })
        {
            await World.Admin.QueryAsync<Guid>("select admin.create_account(@Username, 'correct horse')", new { each.Username });
        }

        await World.Admin.QueryAsync<int>("select admin.disable_account(@Username)", new { disabled.Username });
        using var browser = new Browser(server);

        var times = await MeasureAsync(5, [nobody, alice, disabled], async each =>
            Assert.That((await browser.SignInAsync(each, "not the password")).Status, Is.EqualTo(401)));

        var fastest = times.Select(each => each.Min()).ToList();
        await TestContext.Out.WriteLineAsync($"Fastest in ms: nobody, wrong password, disabled {List(fastest, "0")}");
        Assert.That(fastest, Is.All.InRange(fastest[0] / 1.5, fastest[0] * 1.5), "one step of bcrypt's cost doubles it");
    }

    /// <summary>In each round one of each class, in an order that changes; the first rounds warm the server.</summary>
    /// <returns>Milliseconds: for each class its rounds, the fastest of two calls in a row.</returns>
    private static async Task<double[][]> MeasureAsync<T>(int rounds, T[] classes, Func<T, Task> call)
    {
        var times = classes.Select(_ => new double[rounds]).ToArray();
        var order = Enumerable.Range(0, classes.Length).ToArray();
        for (var round = -rounds / 5; round < rounds; round++)
        {
            Random.Shared.Shuffle(order);
            foreach (var each in order)
            {
                var first = await TimeAsync(() => call(classes[each]));
                times[each][Math.Max(0, round)] = Math.Min(first, await TimeAsync(() => call(classes[each])));
            }
        }

        return times;
    }

    private static async Task<double> TimeAsync(Func<Task> call)
    {
        var begin = Stopwatch.GetTimestamp();
        await call();
        return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
    }

    /// <summary>Mann and Whitney's U as a probability: that one of these is slower than one of those; 0.5 where they are alike.</summary>
    private static double Slower(double[] than, double[] these, double alike) =>
        these.Average(one => than.Average(other => Math.Abs(one - other) < alike ? 0.5 : one > other ? 1 : 0));

    private static string List(IEnumerable<double> numbers, string format) =>
        string.Join(' ', numbers.Select(each => each.ToString(format, CultureInfo.InvariantCulture)));
}
