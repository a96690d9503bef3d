using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Proxies;

/// <summary>
/// nginx or HAProxy as Debian has it, in a folder and on ports of its own, with the sample of scripts/proxy: only its marked lines are
/// filled in. It ends with the test. Any thread may read its log.
/// </summary>
internal sealed class Proxy : IDisposable
{
    private readonly bool isNginx;
    private readonly string folder;
    private readonly StringBuilder said = new();
    private readonly Process process;

    private Proxy(bool isNginx, string program, string folder, string sample)
    {
        (this.isNginx, this.folder) = (isNginx, folder);
        var file = Path.Combine(folder, isNginx ? "site.conf" : "haproxy.cfg");
        File.WriteAllText(file, sample);
        if (isNginx)
        {
            File.WriteAllText(Path.Combine(folder, "nginx.conf"), """
                daemon off;
                pid nginx.pid;
                worker_shutdown_timeout 1m;
                events { }
                http {
                  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                  include site.conf;
                }
                """);
        }

        string[] arguments = isNginx ? ["-p", folder, "-c", Path.Combine(folder, "nginx.conf"), "-e", "stderr"] : ["-W", "-f", file];
        process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Where it answers in plain http.</summary>
    public required int PlainPort { get; init; }

    /// <summary>What it has written, to files or its output.</summary>
    public string Log
    {
        get
        {
            lock (said)
            {
                return said + string.Concat(Directory.GetFiles(folder, "*.log").Select(File.ReadAllText));
            }
        }
    }

    /// <param name="name"><c>nginx</c> or <c>haproxy</c>.</param>
    /// <param name="change">What is otherwise than in the sample.</param>
    public static async Task<Proxy> StartAsync(
        string name, int port, Certificate certificate, Uri server, Uri site, Func<string, string>? change = null)
    {
        var program = Find(name);
        var isNginx = name == "nginx";
        var folder = Directory.CreateTempSubdirectory("qrlogin-proxy-").FullName;
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, (UnixFileMode)0b_111_101_101); // nginx's workers are nobody's
        }

        certificate.Write(Path.Combine(folder, "site.pem"), Path.Combine(folder, "site.key"), isOneFile: !isNginx);
        var plain = TestServer.FreePort();
        var listen = isNginx ? "listen " : "bind :";
        var sample = Fill(
            await File.ReadAllTextAsync(Path.Combine(TestDatabase.Root, "scripts", "proxy", isNginx ? "nginx.conf" : "haproxy.cfg")),
            ($"{listen}80", $"{listen.TrimEnd(':')}127.0.0.1:{plain}"), ($"{listen}443", $"{listen.TrimEnd(':')}127.0.0.1:{port}"),
            ("127.0.0.1:8081", server.Authority), ("127.0.0.1:8082", site.Authority), ("www.example.com", "localhost"),
            ("/etc/ssl/", $"{folder}/"), ("/var/log/nginx/", $"{folder}/"));
        if (!Environment.IsPrivilegedProcess)
        {
            sample = sample.Replace("  user haproxy\n  group haproxy\n", ""); // who is not root cannot become another
        }

        var proxy = new Proxy(isNginx, program, folder, change?.Invoke(sample) ?? sample) { PlainPort = plain };
        await Eventually.IsAsync(() => proxy.ListensAsync(port), $"{name} listens");
        return proxy;
    }

    /// <summary>Reads its configuration again; new processes take over, the old ones end when their connections have.</summary>
    public async Task ReloadAsync()
    {
        var before = Workers();
        Signal(isNginx ? "HUP" : "USR2");
        await Eventually.IsAsync(() => Task.FromResult(Workers().Except(before).Any()), "another worker has begun");
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Signal("TERM");
            if (!process.WaitForExit(TimeSpan.FromSeconds(5)))
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }
        }

        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static string Find(string name)
    {
        var program = $"/usr/sbin/{name}"; // which is not in everybody's PATH
        if (!File.Exists(program))
        {
            var missing = $"{name} is missing (Debian: apt-get install {name}).";
            if (Tool.IsCi)
            {
                Assert.Fail(missing);
            }

            Assert.Ignore(missing);
        }

        return program;
    }

    /// <summary>Each marked line is to be filled in, and no other.</summary>
    private static string Fill(string sample, params (string Marked, string Value)[] values) =>
        string.Join('\n', sample.Split('\n').Select(line =>
        {
            if (!line.Contains("# <<", StringComparison.Ordinal))
            {
                return line;
            }

            var filled = values.Aggregate(line, (text, each) => text.Replace(each.Marked, each.Value, StringComparison.Ordinal));
            Assert.That(filled, Is.Not.EqualTo(line), "a marked line that the tests do not know");
            return filled;
        }));

    private async Task<bool> ListensAsync(int port)
    {
        Assert.That(process.HasExited, Is.False, said.ToString());
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string[] Workers() => File.ReadAllText($"/proc/{process.Id}/task/{process.Id}/children").Split(' ');

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    private void Note(string? line)
    {
        lock (said)
        {
            said.AppendLine(line);
        }
    }
}
