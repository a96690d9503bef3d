using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using QrLogin.Server.Storage;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>How the trail is written: together, beside the requests, whatever befalls it. Each test has a database of its own.</summary>
internal sealed class AuditTrailTests
{
    private const string Ticket = "AAAAAAAAAAAAAAAAAAAAAA";
    private string database = "";
    private Admin admin = null!;

    [SetUp]
    public async Task Begin()
    {
        var owner = ConnectionString.Parse(await World.NewDatabaseAsync());
        owner.GssEncryptionMode = GssEncryptionMode.Disable;
        database = owner.ConnectionString;
        admin = new Admin(database);
    }

    [TearDown]
    public ValueTask End() => admin.DisposeAsync();

    [Test]
    public async Task While_PostgreSQL_is_away_it_waits_and_nothing_is_lost()
    {
        await using var server = new TestServer(database, new() { ["Serilog:MinimumLevel:Default"] = "Fatal" });
        using var phone = new Phone(server);
        await using var holder = await LockTrailAsync();
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(404));

        var name = new NpgsqlConnectionStringBuilder(database).Database;
        await World.Admin.ExecuteAsync($"alter database {name} allow_connections false");
        await World.Admin.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where datname = @name", new { name });
        await Eventually.IsAsync(
            async () => (await phone.CallAsync(HttpMethod.Get, "/healthz/ready")).Status >= 500, "PostgreSQL is out of reach");
        var back = await World.Admin.QueryAsync<DateTime>("select clock_timestamp()");
        await World.Admin.ExecuteAsync($"alter database {name} allow_connections true");
        await using var again = new Admin(database);
        await Eventually.IsAsync(async () => await CountAsync(again, "identify") > 0, "the trail has what happened before");

        Assert.That((await phone.RedeemAsync(Ticket)).Status, Is.EqualTo(400));
        await Eventually.IsAsync(async () => await CountAsync(again, "redeem") == 1, "the trail goes on");
        var told = await again.ListAsync<DateTime>("select at from audit where event = 'identify'");
        Assert.That(told, Has.Length.EqualTo(1));
        Assert.That(told, Is.All.LessThan(back), "the time is when it happened");
    }

    [Test]
    public async Task A_write_whose_answer_is_lost_is_not_written_twice()
    {
        using var wire = Wire(out var throughIt);
        await using var server = new TestServer(throughIt, new() { ["Serilog:MinimumLevel:Default"] = "Fatal" });
        using var phone = new Phone(server);
        await phone.IdentifyAsync();
        await Eventually.IsAsync(async () => await CountAsync(admin, "identify") == 1, "its connection is open");

        wire.LosesAuditAnswers = true;
        await phone.IdentifyAsync();
        await Eventually.IsAsync(async () => await CountAsync(admin, "identify") == 2, "it is written, but the server does not hear so");
        wire.LosesAuditAnswers = false;
        await phone.RedeemAsync(Ticket);
        await Eventually.IsAsync(async () => await CountAsync(admin, "redeem") == 1, "the trail goes on");

        Assert.That(await CountAsync(admin, "identify"), Is.EqualTo(2));
        Assert.That(await CountAsync(admin, "audit_lost"), Is.Zero);
    }

    [Test]
    public async Task What_is_long_on_its_way_does_not_come_after_what_happened_later()
    {
        using var wire = Wire(out var throughIt);
        await using var server = new TestServer(throughIt);
        using var phone = new Phone(server);
        await phone.IdentifyAsync();
        await Eventually.IsAsync(async () => await CountAsync(admin, "identify") == 1, "its connection is open");

        var gate = new TaskCompletionSource();
        wire.AuditGate = gate.Task;
        await phone.IdentifyAsync();
        await Eventually.IsAsync(() => Task.FromResult(wire.HoldsAudit), "it is on its way");
        await phone.RedeemAsync(Ticket);
        await admin.QueryAsync<string>("select pg_sleep(0.5)::text"); // longer than it has waited before it was sent
        gate.SetResult();
        await Eventually.IsAsync(async () => await CountAsync(admin, "redeem") == 1, "the trail goes on");

        Assert.That(await admin.ListAsync<string>("select event from admin.audit"), Is.EqualTo(["redeem", "identify", "identify"]));
    }

    [Test]
    public async Task Many_events_go_to_the_database_together()
    {
        const int many = 50;
        using var wire = Wire(out var throughIt);
        await using var server = new TestServer(throughIt);
        using var phone = new Phone(server);
        await phone.IdentifyAsync();
        await Eventually.IsAsync(async () => await CountAsync(admin, "identify") == 1, "its connection is open");

        var before = wire.AuditRoundTrips;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, many).Select(_ => phone.RedeemAsync(Ticket)));
        await Eventually.IsAsync(async () => await CountAsync(admin, "redeem") == many, "all are written");

        Assert.That(wire.AuditRoundTrips - before, Is.Positive.And.LessThanOrEqualTo((clock.ElapsedMilliseconds / 250) + 2));
    }

    [Test]
    public async Task What_the_queue_does_not_hold_is_counted()
    {
        const int many = 30;
        await using var server = new TestServer(
            database, new() { ["Audit:Queue"] = "5", ["Serilog:MinimumLevel:Default"] = "Fatal" });
        using var phone = new Phone(server);
        await using (await LockTrailAsync())
        {
            for (var i = 0; i < many; i++)
            {
                Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(404), "no request waits for the trail");
            }
        }

        await Eventually.IsAsync(
            async () => await CountAsync(admin, "identify") + await LostAsync() == many, "what is written and what is lost are all");
        Assert.That(await LostAsync(), Is.Positive);
    }

    [Test]
    public async Task What_the_table_refuses_is_counted_and_holds_up_nothing()
    {
        await admin.ExecuteAsync("alter table audit add check (event <> 'identify')");
        await using var server = new TestServer(database, new() { ["Serilog:MinimumLevel:Default"] = "Fatal" });
        using var phone = new Phone(server);
        await phone.IdentifyAsync();
        await Eventually.IsAsync(async () => await LostAsync() == 1, "it is counted");
        await phone.RedeemAsync(Ticket);
        await Eventually.IsAsync(async () => await CountAsync(admin, "redeem") == 1, "the trail goes on");
    }

    [Test]
    public async Task A_server_that_ends_has_written_all_of_it()
    {
        await using (var server = new TestServer(database))
        {
            using var phone = new Phone(server);
            await phone.IdentifyAsync();
            await phone.RedeemAsync(Ticket);
        }

        Assert.That((await CountAsync(admin, "identify"), await CountAsync(admin, "redeem")), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task The_sweep_removes_what_is_older_than_90_days_and_only_that()
    {
        await admin.ExecuteAsync(
            """
            insert into audit (actor, event, at) select 'server', 'old', now() - interval '90 d 1 h' from generate_series(1, 2500);
            insert into audit (actor, event, at) select 'server', 'kept', now() - interval '89 d 23 h' from generate_series(1, 3)
            """);
        await using var server = new TestServer(database);

        var swept = await ActivatorUtilities.CreateInstance<Sweep>(server.Services).RunAsync(CancellationToken.None);

        Assert.That(swept, Is.EqualTo(2500));
        Assert.That((await CountAsync(admin, "old"), await CountAsync(admin, "kept")), Is.EqualTo((0, 3)));
    }

    /// <param name="throughIt">The database's connection string.</param>
    private WireCounter Wire(out string throughIt)
    {
        var direct = new NpgsqlConnectionStringBuilder(database);
        var wire = new WireCounter(direct.Host!, direct.Port);
        (direct.Host, direct.Port, direct.SslMode) = ("127.0.0.1", wire.Port, SslMode.Disable);
        throughIt = direct.ConnectionString;
        return wire;
    }

    /// <summary>As an administrator's statement might: nothing can be added until it is disposed of.</summary>
    private async Task<NpgsqlConnection> LockTrailAsync()
    {
        var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("begin; lock table audit in share mode", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    private static Task<long> CountAsync(Admin admin, string name) =>
        admin.QueryAsync<long>("select count(*) from audit where event = @name", new { name });

    private Task<long> LostAsync() =>
        admin.QueryAsync<long>("select coalesce(sum(detail::bigint), 0)::bigint from audit where event = 'audit_lost'");
}
