using System.Diagnostics;

namespace QrLogin.Load;

/// <summary>A server that is measured from outside: CPU and resident memory by the kernel, the heap by <see cref="StartupHook"/>.</summary>
internal sealed class MeasuredProcess : IDisposable
{
    private readonly Process process;
    private readonly string probe = Path.GetTempFileName();

    private MeasuredProcess(Process process, string probe) => (this.process, this.probe) = (process, probe);

    /// <summary>Starts <c>dotnet</c> with these arguments and waits until it answers at this address.</summary>
    public static async Task<MeasuredProcess> StartAsync(string[] arguments, Uri ready, params (string Name, string Value)[] environment)
    {
        var probe = Path.GetTempFileName();
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true };
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(MeasuredProcess).Assembly.Location;
        start.Environment["QRLOGIN_PROBE"] = probe;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { }; // its log is written as in production, and read by nobody
        process.BeginOutputReadLine();
        using var http = new HttpClient();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var tries = 0; tries < 200; tries++)
        {
            try
            {
                using var answer = await http.GetAsync(ready);
                return process.HasExited
                    ? throw new InvalidOperationException($"Something else listens at {ready}.")
                    : new MeasuredProcess(process, probe);
            }
            catch (HttpRequestException) when (!process.HasExited)
            {
                await tick.WaitForNextTickAsync();
            }
        }

        process.Kill();
        throw new InvalidOperationException($"{string.Join(' ', arguments)} did not answer within 20 s.");
    }

    public TimeSpan Cpu
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes: allocated since the start; held and resident after a full collection.</summary>
    public async Task<(long Allocated, long Heap, long Resident)> ProbeAsync()
    {
        await File.WriteAllTextAsync($"{probe}.ask", "");
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!File.Exists($"{probe}.answer"))
        {
            await tick.WaitForNextTickAsync(patience.Token);
        }

        var numbers = (await File.ReadAllTextAsync($"{probe}.answer")).Split(' ');
        File.Delete($"{probe}.answer");
        process.Refresh();
        return (long.Parse(numbers[0], null), long.Parse(numbers[1], null), process.WorkingSet64);
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        File.Delete(probe);
    }
}
