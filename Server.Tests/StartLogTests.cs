using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>What a server says at its start. The log is the process's console, so nothing else may run meanwhile.</summary>
[NonParallelizable]
internal sealed class StartLogTests
{
    [TestCase("https://login.example.com", true, false)]
    [TestCase("https://login.example.com:8443", true, true)]
    [TestCase("http://localhost:8080", true, true)]
    [TestCase("https://login.example.com:8443", false, false)]
    public async Task A_site_on_a_port_where_no_phone_asks_for_its_apps_is_told_so(string origin, bool hasApp, bool isTold)
    {
        var settings = new Dictionary<string, string> { ["PublicOrigin"] = origin, [ServerLog.Level] = "Information" };
        if (hasApp)
        {
            settings["Apps:Apple:0"] = "ABCDE12345.com.example.app";
        }

        var console = Console.Out;
        using var log = new StringWriter();
        Console.SetOut(TextWriter.Synchronized(log));
        try
        {
            await using var server = new TestServer(World.Database, settings);
        }
        finally
        {
            Console.SetOut(console);
        }

        Assert.That(log.ToString(), Does.Contain("INF Now listening"), "it is its log");
        Assert.That(log.ToString(), isTold ? Does.Contain("WRN Apps are named").And.Contain(origin) : Does.Not.Contain("WRN"));
    }
}
