using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using QrLogin.Server.Connect;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Faults;

/// <summary>
/// F2, F3, F5: PostgreSQL frozen, killed, locked, full of others. Who asks is told so in time, sockets stay, and all is well again by
/// itself.
/// </summary>
[NonParallelizable]
internal sealed class PostgresFaultTests
{
    private static readonly TimeSpan AnsweredWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan WellWithin = TimeSpan.FromSeconds(5);

    private OwnPostgres postgres = null!;
    private TestServer server = null!;
    private Admin admin = null!;
    private Phone phone = null!;
    private Browser browser = null!;
    private Account alice = null!;

    [SetUp]
    public async Task Begin()
    {
        postgres = await OwnPostgres.StartAsync();
        server = new TestServer(postgres.Database);
        admin = new Admin(postgres.Database + ";Pooling=false");
        phone = new Phone(server);
        alice = await admin.HasAccountAsync(phone);
        browser = await Browser.AtAsync(server, alice);
        await phone.IdentifyAsync();
        Assert.That((await phone.ScanAsync(await browser.Page.HearsAsync("qr"))).Status, Is.EqualTo(200));
    }

    [TearDown]
    public async Task End()
    {
        phone.Dispose();
        browser.Dispose();
        await admin.DisposeAsync();
        await server.DisposeAsync();
        await postgres.DisposeAsync();
    }

    [Test]
    public Task Frozen_it_is_503_in_time_and_well_again_when_it_goes_on() => FreezeAsync(TimeSpan.FromSeconds(12));

    [Test, Long]
    public Task Frozen_for_half_a_minute_it_is_503_in_time_and_well_again_when_it_goes_on() => FreezeAsync(TimeSpan.FromSeconds(30));

    private async Task FreezeAsync(TimeSpan duration)
    {
        postgres.Freeze();
        try
        {
            await AssertUnavailableAsync(duration);
        }
        finally
        {
            postgres.GoOn();
        }

        await AssertWellAsync();
    }

    [Test]
    public async Task Killed_it_is_503_in_time_and_well_again_when_it_has_started()
    {
        postgres.Kill();
        await AssertUnavailableAsync(TimeSpan.FromSeconds(5));
        postgres.StartAgain();
        await AssertWellAsync();
    }

    [Test]
    public async Task A_table_that_an_administrator_has_locked_is_503_in_time()
    {
        await using (var connection = new NpgsqlConnection(postgres.Database))
        {
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync("lock table session, login_attempt, account in access exclusive mode");
            await AssertUnavailableAsync(TimeSpan.FromSeconds(6), besides: "ready"); // which asks for none of these
        }

        await AssertWellAsync();
    }

    [Test]
    public async Task One_killed_connection_is_no_more_than_one_503()
    {
        await admin.ExecuteAsync(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        await AssertWellAsync();
    }

    [Test]
    public async Task With_all_connections_taken_by_others_nobody_waits_longer_and_all_is_well_when_they_go()
    {
        var taken = new List<NpgsqlConnection>();
        try
        {
            await TakeAllAsync(taken);
            var calls = await Task.WhenAll(Enumerable.Range(0, 20).SelectMany(_ => Calls()).ToList());
            Assert.That(calls.Select(each => each.After), Is.All.LessThan(AnsweredWithin));
            Assert.That(calls.Select(each => each.Answer.Status), Has.Some.EqualTo(503).And.None.EqualTo(500));
            Assert.That(
                calls.Where(each => each.Answer.Status == 503).Select(each => each.Answer.Header("Retry-After")), Is.All.Not.Null);
        }
        finally
        {
            taken.ForEach(each => each.Dispose());
        }

        await AssertWellAsync();
    }

    private async Task TakeAllAsync(List<NpgsqlConnection> taken)
    {
        while (true)
        {
            var connection = new NpgsqlConnection(postgres.Database + ";Pooling=false");
            try
            {
                await connection.OpenAsync();
                taken.Add(connection);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.TooManyConnections)
            {
                await connection.DisposeAsync();
                return;
            }
        }
    }

    /// <summary>Every call that needs the database hears 503 in time, while the process is alive and well.</summary>
    private async Task AssertUnavailableAsync(TimeSpan duration, string besides = "")
    {
        var clock = Stopwatch.StartNew();
        var alive = new List<double>();
        var answers = new List<Task<(string What, Answer Answer, TimeSpan After)>>();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (clock.Elapsed < duration)
        {
            answers.AddRange(Calls());
            var one = Stopwatch.StartNew();
            Assert.That((await phone.CallAsync(HttpMethod.Get, "/healthz/live")).Status, Is.EqualTo(200));
            alive.Add(one.Elapsed.TotalMilliseconds);
            await tick.WaitForNextTickAsync();
        }

        var all = await Task.WhenAll(answers);
        alive.Sort();
        TestContext.Out.WriteLine(
            $"{all.Length} calls, the slowest after {all.Max(each => each.After).TotalSeconds:0.00} s; "
            + $"live: half within {alive[alive.Count / 2]:0.0} ms, 95 of 100 within {alive[alive.Count * 95 / 100]:0.0} ms");
        foreach (var (what, answer, after) in all.Where(each => each.What != besides))
        {
            Assert.That((answer.Status, answer.Code), Is.EqualTo((503, "unavailable")), $"{what} after {after}");
            Assert.That(answer.Header("Retry-After"), Is.Not.Null, what);
        }

        // The machine may be busy with others: one in twenty may take a little longer.
        var times = all.Select(each => each.After).Order().ToList();
        Assert.That(times[times.Count * 95 / 100], Is.LessThan(AnsweredWithin), "95 of 100");
        Assert.That(times[^1], Is.LessThan(AnsweredWithin * 2), "the slowest");

        Assert.That(alive[alive.Count / 2], Is.LessThan(100), "half of the questions whether it is alive, in ms");
    }

    private IEnumerable<Task<(string What, Answer Answer, TimeSpan After)>> Calls()
    {
        yield return TimeAsync("ready", () => phone.CallAsync(HttpMethod.Get, "/healthz/ready"));
        yield return TimeAsync("who am I", phone.WhoAmIAsync);
        yield return TimeAsync("sessions", () => browser.CallAsync(HttpMethod.Get, "/api/sessions"));
        yield return TimeAsync("identify", phone.IdentifyAsync);
        yield return TimeAsync("redeem", () => phone.RedeemAsync("AAAAAAAAAAAAAAAAAAAAAA"));
        yield return TimeAsync("status", phone.StatusAsync);
        yield return TimeAsync("sign in", async () =>
        {
            using var another = new Browser(server);
            return await another.SignInAsync(alice);
        });
    }

    private static async Task<(string What, Answer Answer, TimeSpan After)> TimeAsync(string what, Func<Task<Answer>> call)
    {
        var clock = Stopwatch.StartNew();
        var answer = await call();
        return (what, answer, clock.Elapsed);
    }

    /// <summary>The page that was open all the time shows the next code, and its phone is signed in.</summary>
    private async Task AssertWellAsync()
    {
        var clock = Stopwatch.StartNew();
        phone.Verifier = Phone.NewVerifier();
        var answer = await phone.IdentifyAsync();
        for (; answer.Status == 503; answer = await phone.IdentifyAsync())
        {
            Assert.That(clock.Elapsed, Is.LessThan(WellWithin), "well again");
        }

        Assert.That(answer.Status, Is.EqualTo(202), answer.Text);
        var qr = await browser.Page.HearsAsync("qr");
        while (qr["attemptId"]!.ToString() != answer["attemptId"].ToString())
        {
            qr = await browser.Page.HearsAsync("qr");
        }

        Assert.That((await phone.ScanAsync(qr)).Status, Is.EqualTo(200));
        TestContext.Out.WriteLine($"well again after {clock.Elapsed.TotalSeconds:0.00} s");
        Assert.That(clock.Elapsed, Is.LessThan(WellWithin + TimeSpan.FromSeconds(2)));
        Assert.That(await admin.QueryAsync<int>("select count(*)::int from session where kind = 'mobile'"), Is.EqualTo(2));
        await Invariants.AssertAsync(admin, alice, phones: 2);
        var connections = server.Services.GetRequiredService<BrowserConnections>();
        Assert.That(connections.Accounts().SelectMany(connections.OfAccount).Count(), Is.EqualTo(1), "the page's connection");
    }
}
