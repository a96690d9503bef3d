using System.Diagnostics;
using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Faults;

/// <summary>F6: no space is left, for PostgreSQL's tables or for the server's log.</summary>
[NonParallelizable]
internal sealed class FullDiskTests
{
    [Test]
    public async Task With_its_logs_disk_full_the_server_goes_on()
    {
        using var server = await ServerProcess.StartAsync(World.Database, "exec >/dev/full 2>/dev/full");
        using var phone = new Phone(server);
        using var browser = await Browser.AtAsync(server, await World.Admin.HasAccountAsync(phone));
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        Assert.That((await phone.ScanAsync(await browser.Page.HearsAsync("qr"))).Status, Is.EqualTo(200));
        Assert.That(server.Log.Trim(), Is.Empty, "nothing could be written");
    }

    [Test]
    public async Task With_PostgreSQLs_disk_full_what_writes_is_503_what_reads_goes_on_and_all_is_well_when_there_is_space()
    {
        var disk = Directory.CreateTempSubdirectory("qrlogin-disk-").FullName;
        if (!IsDone("mount", "-t", "tmpfs", "-o", "size=40m,mode=0777", "tmpfs", disk))
        {
            Directory.Delete(disk);
            Tool.Lacks("No small disk may be mounted here (root is needed).");
        }

        await using var postgres = await OwnPostgres.StartAsync();
        try
        {
            await MoveAsync(postgres, disk);
            await using var server = new TestServer(
                postgres.Database, new() { ["Limits:AttemptsPerMinute"] = "10000", ["Limits:AttemptsPerHour"] = "10000" });
            await using var admin = new Admin(postgres.Database + ";Pooling=false");
            using var phone = new Phone(server);
            var alice = await admin.HasAccountAsync(phone);
            using var browser = await Browser.AtAsync(server, alice);
            await admin.ExecuteAsync("update session set created_at = now() - interval '1 h', last_seen_at = now() - interval '1 h'");
            Run("bash", "-c", $"cat /dev/zero >{disk}/filler 2>/dev/null || true");
            await AssertSignInFailsInTheEndAsync(server, alice);

            var answer = await phone.IdentifyAsync();
            for (var i = 0; i < 500 && answer.Status == 202; i++)
            {
                phone.Verifier = Phone.NewVerifier();
                answer = await phone.IdentifyAsync();
            }

            Assert.That((answer.Status, answer.Code), Is.EqualTo((503, "unavailable")), "what writes");
            Assert.That((await browser.WhoAmIAsync()).Status, Is.EqualTo(200), "what reads");
            Assert.That((await browser.CallAsync(HttpMethod.Get, "/api/sessions")).Status, Is.EqualTo(200), "what reads");

            File.Delete($"{disk}/filler");
            phone.Verifier = Phone.NewVerifier();
            var asked = await phone.IdentifyAsync();
            Assert.That(asked.Status, Is.EqualTo(202), asked.Text);
            var qr = await browser.Page.HearsAsync("qr");
            while (qr["attemptId"]!.ToString() != asked["attemptId"].ToString())
            {
                qr = await browser.Page.HearsAsync("qr");
            }

            Assert.That((await phone.ScanAsync(qr)).Status, Is.EqualTo(200));
        }
        finally
        {
            await postgres.DisposeAsync();
            Run("umount", disk);
            Directory.Delete(disk);
        }
    }

    /// <summary>Until there is no space in the sessions' table, not even to note that one was used.</summary>
    private static async Task AssertSignInFailsInTheEndAsync(TestServer server, Account account)
    {
        var answer = 200;
        for (var i = 0; i < 500 && answer == 200; i++)
        {
            using var another = new Browser(server);
            answer = (await another.SignInAsync(account)).Status;
        }

        Assert.That(answer, Is.EqualTo(503), "what writes");
    }

    /// <summary>The tables, not the write-ahead log: without that PostgreSQL stops.</summary>
    private static async Task MoveAsync(OwnPostgres postgres, string disk)
    {
        Run("bash", "-c", $"mkdir {disk}/space && chown postgres {disk}/space");
        var elsewhere = new NpgsqlConnectionStringBuilder(postgres.Database) { Database = "postgres", Pooling = false };
        await using var connection = new NpgsqlConnection(elsewhere.ConnectionString);
        await connection.OpenAsync();
        NpgsqlConnection.ClearAllPools();
        string[] steps = [$"create tablespace small location '{disk}/space'", "alter database qrlogin_test set tablespace small"];
        foreach (var sql in steps)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    private static void Run(string program, params string[] arguments) =>
        Assert.That(IsDone(program, arguments), Is.True, $"{program} {string.Join(' ', arguments)}");

    private static bool IsDone(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
