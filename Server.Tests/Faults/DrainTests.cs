using System.Diagnostics;
using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Faults;

/// <summary>F7: SIGTERM with many sockets, some of them slow or silent, and a redeem under way.</summary>
[NonParallelizable]
internal sealed class DrainTests
{
    [Test]
    public Task A_thousand_pages_are_told_1001_and_what_is_under_way_is_finished() => DrainAsync(1_000);

    [Test, Long]
    public Task Five_thousand_pages_are_told_1001_and_what_is_under_way_is_finished() => DrainAsync(5_000);

    private static async Task DrainAsync(int count)
    {
        using var server = await ServerProcess.StartAsync(World.Database, "ulimit -n $(ulimit -Hn)");
        using var phone = new Phone(server);
        var alice = await World.Admin.HasAccountAsync(phone);
        using var browser = await Browser.AtAsync(server, alice);
        await phone.IdentifyAsync();
        var qr = await browser.Page.HearsAsync("qr");
        var pages = await ManyPages.OpenAsync(server, count);

        await using var locker = new NpgsqlConnection(World.Database);
        await locker.OpenAsync();
        await using var locked = await locker.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("select from account where username = $1 for update", locker)
        {
            Parameters = { new() { Value = alice.Username } },
        })
        {
            await hold.ExecuteNonQueryAsync();
        }

        var redeem = phone.ScanAsync(qr);
        await Eventually.IsAsync(
            () => World.Admin.QueryAsync<bool>("select exists (select from pg_locks where not granted and pid <> pg_backend_pid())"),
            "the redeem waits for the account");

        var clock = Stopwatch.StartNew();
        server.Signal("TERM");
        var told = pages.Select((page, i) => EndAsync(page, i)).ToList();
        await await Task.WhenAny(told.Where((_, i) => !IsSilent(i) && !IsSlow(i))); // the redeem is under way for as long
        await locked.CommitAsync();

        Assert.That((await redeem).Status, Is.EqualTo(200), "what was under way");
        Assert.That(await server.ExitAsync(), Is.Zero, server.Log);
        var took = clock.Elapsed;
        var codes = await Task.WhenAll(told);
        await TestContext.Out.WriteLineAsync($"{count} pages: gone after {took.TotalSeconds:0.0} s");
        Assert.That(took, Is.LessThan(TimeSpan.FromSeconds(10)));
        Assert.That(codes.Where((_, i) => !IsSilent(i)).Distinct(), Is.EqualTo(new[] { 1001 }));
        await Invariants.AssertAsync(World.Admin, alice, phones: 1);
        Assert.That(server.Log, Does.Not.Contain(" ERR ").And.Not.Contain(" FTL "));
        pages.ForEach(page => page.Dispose());
    }

    private static bool IsSilent(int i) => i % 10 == 3;

    private static bool IsSlow(int i) => i % 10 == 7;

    /// <summary>A page that reads its Close and answers it; a slow one later, a silent one never.</summary>
    private static async Task<int> EndAsync(RawSocket page, int i)
    {
        if (IsSilent(i))
        {
            return 0;
        }

        if (IsSlow(i))
        {
            await Task.Delay(TimeSpan.FromSeconds(1.5));
        }

        var code = await page.CodeAsync();
        await page.TrySendAsync(RawSocket.Frame(0x88, [0x03, 0xE9]));
        return code;
    }
}
