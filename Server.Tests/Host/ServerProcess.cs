using System.Diagnostics;
using System.Text;

namespace QrLogin.Server.Tests.Host;

/// <summary>The server as a process of its own, which can be sent signals and given little. It is killed with the test.</summary>
internal sealed class ServerProcess : IRunningServer, IDisposable
{
    private readonly Process process;
    private readonly StringBuilder log = new();

    private ServerProcess(ProcessStartInfo start)
    {
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public required Uri Address { get; init; }

    public string PublicOrigin => TestServer.Origin;

    public int Id => process.Id;

    /// <summary>How many it has open.</summary>
    public int Descriptors => Directory.GetFiles($"/proc/{Id}/fd").Length;

    public string Log
    {
        get
        {
            lock (log)
            {
                return log.ToString();
            }
        }
    }

    /// <param name="shell">Words of bash before the server is started in its place, such as <c>ulimit -n 256</c>.</param>
    public static async Task<ServerProcess> StartAsync(
        string database, string shell = "true", params (string Name, string Value)[] environment)
    {
        var address = $"http://127.0.0.1:{TestServer.FreePort()}";
        var program = Path.Combine(AppContext.BaseDirectory, "QrLogin.Server.dll");
        var start = new ProcessStartInfo("bash", ["-c", $"{shell} && exec dotnet '{program}' --urls {address}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ConnectionStrings__QrLogin"] = TestDatabase.AsServerRole(database);
        start.Environment["PublicOrigin"] = TestServer.Origin;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var server = new ServerProcess(start) { Address = new Uri(address) };
        using var http = new HttpClient { BaseAddress = server.Address };
        try
        {
            await Actors.Eventually.IsAsync(() => IsReadyAsync(http, server), "the server is ready");
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, ServerProcess server)
    {
        try
        {
            return (await http.GetAsync("/healthz/ready")).IsSuccessStatusCode;
        }
        catch (HttpRequestException) when (!server.process.HasExited)
        {
            return false;
        }
    }

    /// <param name="name"><c>TERM</c>, <c>STOP</c>, <c>CONT</c>.</param>
    public void Signal(string name) => Process.Start("kill", [$"-{name}", $"{Id}"]).WaitForExit();

    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync(Actors.Page.Patience());
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        process.Dispose();
    }

    private void Note(string? line)
    {
        lock (log)
        {
            log.AppendLine(line);
        }
    }
}
