using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Faults;

/// <summary>F7: SIGTERM with many sockets, some of them slow or silent, and a redeem under way.</summary>
[NonParallelizable]
internal sealed class DrainTests
{
    private const int SocketsOfASession = 8;
    private readonly string run = Guid.NewGuid().ToString("N")[..8];

    [Test]
    public Task A_thousand_pages_are_told_1001_and_what_is_under_way_is_finished() => DrainAsync(1_000);

    [Test, Long]
    public Task Five_thousand_pages_are_told_1001_and_what_is_under_way_is_finished() => DrainAsync(5_000);

    private async Task DrainAsync(int count)
    {
        using var server = await ServerProcess.StartAsync(World.Database, "ulimit -n $(ulimit -Hn)");
        using var phone = new Phone(server);
        var alice = await World.Admin.HasAccountAsync(phone);
        using var browser = await Browser.AtAsync(server, alice);
        await phone.IdentifyAsync();
        var qr = await browser.Page.HearsAsync("qr");
        var pages = await OpenAsync(server, count);

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
        await Task.Delay(TimeSpan.FromSeconds(1)); // the redeem is under way for as long
        await locked.CommitAsync();

        Assert.That((await redeem).Status, Is.EqualTo(200), "what was under way");
        Assert.That(await server.ExitAsync(), Is.Zero, server.Log);
        var took = clock.Elapsed;
        var codes = await Task.WhenAll(told);
        await TestContext.Out.WriteLineAsync($"{count} pages: gone after {took.TotalSeconds:0.0} s");
        Assert.That(took, Is.LessThan(TimeSpan.FromSeconds(10)));
        Assert.That(codes.Where((_, i) => !IsSilent(i)).Distinct(), Is.EqualTo(new[] { 1001 }));
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

    private async Task<List<RawSocket>> OpenAsync(ServerProcess server, int count)
    {
        await World.Admin.ExecuteAsync(
            """
            with made as (
              insert into account (username, display_name, password_hash)
              select format('drain.%s.%s', @run, i), 'Drain', '$2a$04$wi8xzOdM0zXLk/w4YNayRu5gDGY83y8QNn76DhoftushoHS1k85iC'
              from generate_series(0, @sessions - 1) as i returning id, username)
            insert into session (id, account_id, kind, token_hash, address, expires_at)
            select gen_random_uuid(), id, 'web', sha256(sha256(convert_to(username, 'UTF8'))), '127.0.0.1', now() + interval '1 h' from made
            """, new { run, sessions = (count + SocketsOfASession - 1) / SocketsOfASession });
        var pages = new RawSocket[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (i, _) =>
        {
            var token = SHA256.HashData(Encoding.UTF8.GetBytes($"drain.{run}.{i / SocketsOfASession}"));
            var page = pages[i] = await RawSocket.ConnectAsync(server, $"127.0.0.{2 + (i % 8)}");
            var answer = await page.AskAsync(RawSocket.Handshake($"qrlogin={Base64Url.EncodeToString(token)}"));
            Assert.That(answer.Status, Is.EqualTo(101), answer.Text);
            Assert.That((await page.NextAsync())?.Opcode, Is.EqualTo(1), "the welcome");
        });
        return [.. pages];
    }
}
