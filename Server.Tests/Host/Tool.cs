using System.ComponentModel;
using System.Diagnostics;

namespace QrLogin.Server.Tests.Host;

/// <summary>
/// Programs that are not ours, in a folder of their own; the test passes only if they end well. What a desk lacks skips the test, what CI
/// lacks fails it. No state: any thread may run them.
/// </summary>
internal static class Tool
{
    public static bool IsCi { get; } = Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>Ends the test, for want of what it names.</summary>
    public static void Lacks(string what)
    {
        Assert.That(IsCi, Is.False, what);
        Assert.Ignore(what);
    }

    /// <summary>Exactly the packages that the folder's lock file names.</summary>
    public static Task FetchPackagesAsync(string folder) => RunAsync("npm", ["ci"], folder, isNeeded: IsCi);

    /// <param name="isNeeded">Whether its failing fails the test, not only skips it.</param>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(
        string program, string[] arguments, string folder, Dictionary<string, string>? environment = null, bool isNeeded = true)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            await TestContext.Out.WriteLineAsync(string.Join('\n', output.Split('\n').TakeLast(12)));
            if (process.ExitCode != 0 && !isNeeded)
            {
                Assert.Ignore($"{program} {string.Join(' ', arguments)} failed, perhaps for want of a network: {await errors}");
            }

            Assert.That(process.ExitCode, Is.Zero, $"{output}\n{await errors}");
            return output;
        }
        catch (Win32Exception) when (!IsCi)
        {
            Assert.Ignore($"{program} is missing (Debian: apt-get install nodejs npm postgresql-client).");
            return "";
        }
    }
}
