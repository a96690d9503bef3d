using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Faults;

/// <summary>
/// Many sockets and logins for minutes, and a fault of PostgreSQL in each: nothing is lost, and memory, threads and descriptors stay as
/// they are. <c>QRLOGIN_SOAK_MINUTES</c> says how long; ten by default.
/// </summary>
[NonParallelizable]
internal sealed class SoakTests
{
    private const int Accounts = 63;
    private const int PagesOfAnAccount = 8;
    private const int LoginsPerSecond = 20;

    private readonly ConcurrentDictionary<string, TaskCompletionSource<string>> codes = new();
    private readonly ConcurrentBag<(string Id, string Token)> granted = [];
    private readonly ConcurrentDictionary<int, int> statuses = new();
    private int pagesLost;

    [Test, Long]
    public async Task Minutes_of_logins_with_a_fault_in_each_lose_nothing_and_leave_nothing_behind()
    {
        var minutes = int.Parse(Environment.GetEnvironmentVariable("QRLOGIN_SOAK_MINUTES") ?? "10", null);
        await using var postgres = await OwnPostgres.StartAsync();
        await using var admin = new Admin(postgres.Database + ";Pooling=false");
        using var server = await ServerProcess.StartAsync(
            postgres.Database, "true", ("Limits__AttemptsPerMinute", "10000"), ("Limits__AttemptsPerHour", "100000"),
            ("Serilog__MinimumLevel__Default", "Warning"));
        var people = await Task.WhenAll(Enumerable.Range(0, Accounts).Select(_ => SitDownAsync(server, admin)));
        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(minutes));
        var logins = LogInAsync(people, end.Token);

        var series = new List<(long Kilobytes, int Threads, int Descriptors)>();
        for (var minute = 1; minute <= minutes; minute++)
        {
            await Task.Delay(TimeSpan.FromSeconds(25));
            await DisturbAsync(minute, postgres, admin);
            await Task.Delay(TimeSpan.FromSeconds(minute == minutes ? 10 : 30));
            series.Add(Measure(server.Id));
            var answers = string.Join(", ", statuses.OrderBy(each => each.Key).Select(each => $"{each.Value} × {each.Key}"));
            await TestContext.Progress.WriteLineAsync(
                $"minute {minute}: {series[^1].Kilobytes / 1024} MiB, {series[^1].Threads} threads, {series[^1].Descriptors} descriptors; "
                + $"{granted.Count} logins, answers {answers}");
        }

        await logins;
        await AssertNothingLostAsync(server, admin);
        var (first, last) = (series[Math.Min(1, series.Count - 1)], series[^1]);
        Assert.That(last.Kilobytes, Is.LessThan((first.Kilobytes * 1.3) + 50_000), "resident KiB");
        Assert.That(last.Threads, Is.LessThan(first.Threads + 20));
        Assert.That(last.Descriptors, Is.LessThan(first.Descriptors + 40));
        Assert.That(pagesLost, Is.Zero, "sockets that did not stay");
        Assert.That(statuses.Keys, Is.SubsetOf(new[] { 200, 503 }));
    }

    private static async Task DisturbAsync(int minute, OwnPostgres postgres, Admin admin)
    {
        switch (minute % 3)
        {
            case 1:
                await admin.ExecuteAsync(
                    """
                    select pg_terminate_backend(pid) from pg_stat_activity
                    where backend_type = 'client backend' and pid <> pg_backend_pid()
                    """);
                break;
            case 2:
                postgres.Freeze();
                await Task.Delay(TimeSpan.FromSeconds(5));
                postgres.GoOn();
                break;
            default:
                postgres.Kill();
                await Task.Delay(TimeSpan.FromSeconds(2));
                postgres.StartAgain();
                break;
        }
    }

    private async Task<Person> SitDownAsync(ServerProcess server, Admin admin)
    {
        var phone = new Phone(server);
        var browser = new Browser(server);
        Assert.That((await browser.SignInAsync(await admin.HasAccountAsync(phone))).Status, Is.EqualTo(200));
        for (var i = 0; i < PagesOfAnAccount; i++)
        {
            var welcome = new TaskCompletionSource();
            _ = ListenAsync(server, browser.Cookie!, welcome);
            await welcome.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }

        return new Person(phone, new SemaphoreSlim(1));
    }

    /// <summary>A page that stays open, and tells what it is shown.</summary>
    private async Task ListenAsync(ServerProcess server, string cookie, TaskCompletionSource welcome)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("qrlogin.v1");
        socket.Options.SetRequestHeader("Origin", server.PublicOrigin);
        socket.Options.SetRequestHeader("Cookie", cookie);
        await socket.ConnectAsync(new UriBuilder(server.Address) { Scheme = "ws", Path = "/connect" }.Uri, CancellationToken.None);
        try
        {
            var buffer = new byte[64 * 1024];
            while (true)
            {
                var count = 0;
                ValueWebSocketReceiveResult frame;
                do
                {
                    frame = await socket.ReceiveAsync(buffer.AsMemory(count), CancellationToken.None);
                    count += frame.Count;
                }
                while (!frame.EndOfMessage);

                if (frame.MessageType == WebSocketMessageType.Close)
                {
                    break;
                }

                welcome.TrySetResult();
                var message = JsonNode.Parse(Encoding.UTF8.GetString(buffer, 0, count))!;
                if (message["type"]!.ToString() == "qr")
                {
                    Code(message["attemptId"]!.ToString()).TrySetResult(message["typedCode"]!.ToString());
                }
            }
        }
        catch (WebSocketException)
        {
            // as below
        }

        Interlocked.Increment(ref pagesLost);
    }

    private TaskCompletionSource<string> Code(string attemptId) =>
        codes.GetOrAdd(attemptId, _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task LogInAsync(Person[] people, CancellationToken end)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / LoginsPerSecond));
        var all = new List<Task>();
        for (var i = 0; !end.IsCancellationRequested; i++)
        {
            await tick.WaitForNextTickAsync(CancellationToken.None);
            all.Add(LogInAsync(people[i % people.Length]));
        }

        await Task.WhenAll(all);
    }

    private async Task LogInAsync(Person person)
    {
        await person.Turn.WaitAsync();
        try
        {
            var phone = person.Phone;
            (phone.Verifier, phone.Token) = (Phone.NewVerifier(), null);
            var asked = await UntilHeardAsync(phone.IdentifyAsync);
            Assert.That(asked.Status, Is.EqualTo(202), asked.Text);
            var code = await Code(asked["attemptId"].ToString()).Task.WaitAsync(TimeSpan.FromSeconds(20));
            codes.TryRemove(asked["attemptId"].ToString(), out _);
            var answer = await UntilHeardAsync(() => phone.RedeemTypedAsync(code));
            Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
            granted.Add((answer["session"]["id"]!.ToString(), answer["accessToken"].ToString()));
        }
        finally
        {
            person.Turn.Release();
        }
    }

    /// <summary>As a phone does: again, when the service is not available.</summary>
    private async Task<Answer> UntilHeardAsync(Func<Task<Answer>> call)
    {
        while (true)
        {
            var answer = await call();
            statuses.AddOrUpdate(answer.Status == 202 ? 200 : answer.Status, 1, (_, count) => count + 1);
            if (answer.Status != 503)
            {
                return answer;
            }

            await Task.Delay(TimeSpan.FromSeconds(int.Parse(answer.Header("Retry-After")!, null)));
        }
    }

    private async Task AssertNothingLostAsync(ServerProcess server, Admin admin)
    {
        var ids = granted.Select(each => Guid.Parse(each.Id)).ToArray();
        Assert.That(ids, Is.Unique.And.Not.Empty);
        Assert.That(
            await admin.QueryAsync<int>("select count(*)::int from session where id = any(@ids)", new { ids }), Is.EqualTo(ids.Length));
        Assert.That(await admin.QueryAsync<int>("select count(*)::int from session where kind = 'mobile'"), Is.EqualTo(ids.Length));
        Assert.That(
            await admin.QueryAsync<int>("select count(*)::int from login_attempt where redeemed_at is not null"), Is.EqualTo(ids.Length));
        using var http = Calls.Client(server);
        foreach (var (_, token) in granted.Take(200))
        {
            var answer = await http.CallAsync(HttpMethod.Get, "/api/session", null, ("Authorization", $"Bearer {token}"));
            Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        }
    }

    private static (long Kilobytes, int Threads, int Descriptors) Measure(int id)
    {
        var status = File.ReadLines($"/proc/{id}/status")
            .Select(line => line.Split(':', 2)).Where(parts => parts.Length == 2).ToDictionary(parts => parts[0], parts => parts[1]);
        return (
            long.Parse(status["VmRSS"].Replace("kB", "", StringComparison.Ordinal).Trim(), null),
            int.Parse(status["Threads"].Trim(), null),
            Directory.GetFiles($"/proc/{id}/fd").Length);
    }

    private sealed record Person(Phone Phone, SemaphoreSlim Turn);
}
