using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>What is secret is in no log and in no row. The log is the process's console, so nothing else may run meanwhile.</summary>
[NonParallelizable]
internal sealed class LeakTests
{
    [Test]
    public async Task A_typed_code_is_in_no_log_at_debug_level_and_in_no_row_of_the_database()
    {
        using var phone = new Phone(World.Server);
        var account = await World.Admin.HasAccountAsync(phone);
        string typed = "", token = "", rows = "";

        var log = await LogOfAsync(async server =>
        {
            using var there = new Phone(server, phone.Identifiers);
            using var browser = await Browser.AtAsync(server, account);
            Assert.That((await there.IdentifyAsync()).Status, Is.EqualTo(202));
            typed = (await browser.Page.HearsAsync("qr"))["typedCode"]!.ToString();
            token = browser.Cookie!.Split('=')[1];
            Assert.That((await there.RedeemTypedAsync($"{typed}?")).Status, Is.EqualTo(400));
            Assert.That((await there.RedeemTypedAsync(Wrong(typed))).Status, Is.EqualTo(400));
            rows = await RowsAsync();
            Assert.That((await there.RedeemTypedAsync(typed)).Status, Is.EqualTo(200));
        });

        Assert.That(log, Does.Contain("/api/login/redeem").And.Contain("login_ticket"), "it is a log at Debug level");
        Assert.That(rows, Does.Contain(account.Username), "the rows have been read");
        foreach (var secret in new[] { typed, typed.Replace("-", ""), Wrong(typed), token })
        {
            Assert.That(log, Does.Not.Contain(secret).IgnoreCase);
            Assert.That(rows, Does.Not.Contain(secret).IgnoreCase);
        }
    }

    /// <summary>All that a server at Debug level says while this happens.</summary>
    private static async Task<string> LogOfAsync(Func<TestServer, Task> story)
    {
        string[] levels =
            ["Default", "Override:Microsoft.AspNetCore", "Override:Npgsql", "Override:QrLogin.Server.Sessions.SessionAuthentication"];
        var console = Console.Out;
        using var log = new StringWriter();
        Console.SetOut(TextWriter.Synchronized(log));
        try
        {
            await using var server = new TestServer(
                World.Database, levels.ToDictionary(each => $"Serilog:MinimumLevel:{each}", _ => "Debug"));
            await story(server);
        }
        finally
        {
            Console.SetOut(console);
        }

        return log.ToString();
    }

    /// <summary>Every row of every table.</summary>
    private static Task<string> RowsAsync() => World.Admin.QueryAsync<string>(
        """
        select string_agg(query_to_xml(format('select to_jsonb(t)::text from %I t', table_name), true, false, '')::text, '')
        from information_schema.tables where table_schema = 'public'
        """);

    /// <summary>Another code that is well formed.</summary>
    private static string Wrong(string typed) => $"{typed[1..]}{(typed[0] == '0' ? '1' : '0')}".Replace("-", "");
}
