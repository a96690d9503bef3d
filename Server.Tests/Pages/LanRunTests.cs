using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>
/// <c>scripts/run --lan</c> as its user runs it: in a terminal, until Ctrl-C. It has a port, a database and a folder of its own, so any
/// number of runs stand beside each other. One test, one thread.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class LanRunTests : PageTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3); // where nothing is built yet, on a busy machine

    private readonly string folder = Directory.CreateTempSubdirectory("qrlogin-lan-run-").FullName;
    private readonly StringBuilder shown = new();
    private readonly int port = TestServer.FreePort();
    private Process? terminal;

    private string Origin => $"https://127.0.0.1:{port}";

    private string Certificates => Path.Combine(folder, "certificates");

    /// <summary>What stands in the terminal.</summary>
    private string Shown
    {
        get
        {
            lock (shown)
            {
                return shown.ToString();
            }
        }
    }

    [TearDown]
    public void Clean()
    {
        if (terminal is { HasExited: false })
        {
            terminal.Kill(entireProcessTree: true);
        }

        terminal?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public async Task It_serves_the_network_over_https_says_how_to_get_there_and_leaves_nothing()
    {
        var database = await World.NewDatabaseAsync();
        Assert.That(await LanTests.Turn.WaitAsync(TimeSpan.FromMinutes(5)), "its turn came");
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            terminal = Open(database);
            var reading = ReadAsync(terminal.StandardOutput);
            while (QrReader.ReadTerminal(Shown) is null)
            {
                Assert.That(terminal.HasExited || patience.IsCancellationRequested, Is.False, Shown);
                await Task.WhenAny(reading, Task.Delay(100));
            }
        }
        finally
        {
            LanTests.Turn.Release();
        }

        Assert.That(QrReader.ReadTerminal(Shown), Is.EqualTo($"{Origin}/phone"));
        var words = Regex.Replace(Shown, @"\e\[[0-9;]*m", "");
        Assert.That(words, Does.Contain($"QrLogin runs on {Origin}\r\n").And.Contain($"Open {Origin}/phone on a phone in the same"));
        Assert.That(words, Does.Contain("Each browser warns first").And.Contain("Proceed (Edge: Continue) to 127.0.0.1 (unsafe)"));
        Assert.That(Shown, Does.Not.Contain(" ERR ").And.Not.Contain(" FTL "));
        await AssertHasTheCertificateAsync();

        var screen = await OpenAsync(Origin, new() { TrustsAnyCertificate = true });
        var computer = new ComputerPage(screen);
        await computer.SignInAsync(new Account("alice", "Alice"), Regex.Match(words, @"password +(\S+)").Groups[1].Value);
        await computer.ReadyAsync();
        await Expect(screen.Page.Locator("img.app[src='/phone.png']")).ToBeVisibleAsync();
        var photo = Path.Combine(folder, "photo.png");
        await screen.ShootAsync(photo);
        Assert.That(QrReader.ReadFile(photo), Is.EqualTo($"{Origin}/phone"));
        File.Delete(photo);

        Assert.That(Processes(), Is.Not.Empty);
        await terminal.StandardInput.WriteAsync("\x03"); // Ctrl-C: the terminal sends SIGINT to the script and all that it runs
        await terminal.StandardInput.FlushAsync(patience.Token);
        await terminal.WaitForExitAsync(patience.Token);
        Assert.That(terminal.ExitCode, Is.Zero, Shown);
        await Eventually.IsAsync(() => Task.FromResult(!Processes().Any()), "all that it started has ended");
        Assert.That(() => new TcpClient("127.0.0.1", port), Throws.TypeOf<SocketException>());
        Assert.That(Directory.EnumerateFiles(folder), Is.Empty, "what it made on the way; the SDK's own locks lie in folders");
        Assert.That(
            Directory.EnumerateFiles(Certificates).Select(Path.GetFileName), Is.EquivalentTo(["127.0.0.1.key", "127.0.0.1.pem"]),
            "the certificate is kept, for the phone that was told to trust it");
        var others = File.GetUnixFileMode(Certificates) & (UnixFileMode)0b_000_111_111;
        Assert.That(others, Is.EqualTo(UnixFileMode.None), "its folder is its owner's");
    }

    /// <summary>A terminal (util-linux's script), in which the codes are drawn and Ctrl-C works, whatever starts the tests.</summary>
    private Process Open(string database)
    {
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "script", "-qefc", "exec scripts/run --lan", "/dev/null"])
        {
            WorkingDirectory = TestDatabase.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["LAN_ADDRESS"] = "127.0.0.1",
                ["LAN_CERTIFICATES"] = Certificates,
                ["PORT"] = $"{port}",
                ["QRLOGIN_DB"] = database,
                ["TMPDIR"] = folder,
            },
        };
        return Process.Start(start)!;
    }

    private async Task ReadAsync(StreamReader output)
    {
        var buffer = new char[1024];
        while (await output.ReadAsync(buffer) is > 0 and var count)
        {
            lock (shown)
            {
                shown.Append(buffer, 0, count);
            }
        }
    }

    private async Task AssertHasTheCertificateAsync()
    {
        using var made = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(Certificates, "127.0.0.1.pem"));
        using var client = new TcpClient("127.0.0.1", port);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            RemoteCertificateValidationCallback = (_, certificate, _, faults) =>
                faults == SslPolicyErrors.RemoteCertificateChainErrors && certificate!.GetCertHashString() == made.GetCertHashString(),
        });
    }

    /// <summary>Those that have this test's folder in their environment: all that it started, whoever they belong to by now.</summary>
    private IEnumerable<string> Processes() => Directory.EnumerateDirectories("/proc").Where(process =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "environ")).Contains(folder, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // none, gone, or another user's
        }
    });
}
