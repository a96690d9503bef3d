namespace QrLogin.Server.Tests.Host;

/// <summary>What a server writes to the console as it is shipped. The console is the process's: only for tests that run alone.</summary>
internal static class ConsoleLog
{
    /// <param name="level">Of everything: Information is what is shipped.</param>
    public static async Task<string> OfAsync(string level, Func<TestServer, Task> story, Dictionary<string, string>? settings = null)
    {
        var console = Console.Out;
        using var log = new StringWriter();
        Console.SetOut(TextWriter.Synchronized(log));
        try
        {
            settings = new(settings ?? []) { [ServerLog.Level] = level };
            if (level == "Debug")
            {
                settings["Serilog:MinimumLevel:Override:Microsoft.AspNetCore"] = level;
            }

            await using var server = new TestServer(World.Database, settings);
            await story(server);
        }
        finally
        {
            Console.SetOut(console);
        }

        return log.ToString();
    }

    /// <summary>There are lines of requests, and no error, warning or stack: a client's fault is none of ours.</summary>
    /// <param name="isUsed">Whether somebody was signed in on a phone meanwhile.</param>
    public static void AssertNoFault(string log, bool isUsed = true)
    {
        Assert.That(log, isUsed ? Does.Contain(" INF POST /api/login/redeem 200 in ") : Is.Not.Null);
        // Kestrel's warning of its heartbeat only says that the machine is busy.
        Assert.That(log.Split('\n'), Has.None.Match(@" (WRN (?!As of .+, the heartbeat )|ERR |FTL )|Exception|^\s+at "));
    }
}
