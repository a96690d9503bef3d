using System.Diagnostics;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Faults;

/// <summary>
/// F3 in the middle of a rush: every connection of the pool is in use when PostgreSQL freezes. Npgsql then asks the frozen server to cancel
/// each statement, and blocks a thread for each. A server of its own, whose threads are nobody else's.
/// </summary>
[NonParallelizable]
internal sealed class BusyFreezeTests
{
    private const int AtOnce = 100;

    [Test]
    public async Task Frozen_in_a_rush_it_is_503_in_time_and_the_process_is_alive_all_the_while()
    {
        await using var postgres = await OwnPostgres.StartAsync();
        using var server = await ServerProcess.StartAsync(postgres.Database);
        await using var admin = new Admin(postgres.Database + ";Pooling=false");
        using var browser = await Browser.AtAsync(server, await admin.HasAccountAsync());
        for (var i = 0; i < 3; i++)
        {
            await Task.WhenAll(Rush(browser)); // the pool is as large as it gets
        }

        var alive = new List<double>();
        List<(int Status, TimeSpan After)> answers;
        postgres.Freeze();
        try
        {
            using var http = Calls.Client(server);
            var rush = Task.WhenAll(Rush(browser));
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (!rush.IsCompleted)
            {
                var one = Stopwatch.StartNew();
                Assert.That((await http.CallAsync(HttpMethod.Get, "/healthz/live")).Status, Is.EqualTo(200));
                alive.Add(one.Elapsed.TotalMilliseconds);
                await tick.WaitForNextTickAsync();
            }

            answers = [.. await rush];
        }
        finally
        {
            postgres.GoOn();
        }

        alive.Sort();
        await TestContext.Out.WriteLineAsync(
            $"{AtOnce} calls, the slowest after {answers.Max(each => each.After).TotalSeconds:0.00} s; "
            + $"live: 95 of 100 within {alive[alive.Count * 95 / 100]:0} ms, the slowest {alive[^1]:0} ms");
        Assert.That(answers.Select(each => each.Status), Is.All.EqualTo(503));
        Assert.That(answers.Max(each => each.After), Is.LessThan(TimeSpan.FromSeconds(4)), "3 s, and one for a busy machine");
        Assert.That(alive[^1], Is.LessThan(1000), "in ms; a busy machine included");
        await Eventually.IsAsync(
            async () => (await browser.CallAsync(HttpMethod.Get, "/api/sessions")).Status == 200, "it is well again");
    }

    private static IEnumerable<Task<(int Status, TimeSpan After)>> Rush(Browser browser) =>
        Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            var clock = Stopwatch.StartNew();
            var answer = await browser.CallAsync(HttpMethod.Get, "/api/sessions");
            return (answer.Status, clock.Elapsed);
        });
}
