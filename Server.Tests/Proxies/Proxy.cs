using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Proxies;

/// <summary>
/// nginx or HAProxy by the very files of scripts/proxy, with the addresses filled in, in front of a server and of a site that only says
/// that it is one. It ends with the test.
/// </summary>
internal sealed class Proxy : IRunningServer, IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("qrlogin-proxy-").FullName;
    private readonly StringBuilder said = new();
    private readonly int port;
    private WebApplication? site;
    private Process? process;

    public Proxy(int port) => this.port = port;

    public Uri Address => new($"http://127.0.0.1:{port}");

    public required string PublicOrigin { get; init; }

    public string Said
    {
        get
        {
            lock (said)
            {
                return said + (File.Exists($"{folder}/access.log") ? File.ReadAllText($"{folder}/access.log") : "");
            }
        }
    }

    /// <param name="kind"><c>nginx</c> or <c>haproxy</c>.</param>
    /// <param name="fill">Further changes to the file: what stands there, and what in its place.</param>
    public async Task StartAsync(string kind, Uri qrLogin, bool withTls = false, params (string There, string Here)[] fill)
    {
        if (!Tool.IsCi && !File.Exists($"/usr/sbin/{kind}"))
        {
            Assert.Ignore($"{kind} is missing (Debian: apt-get install {kind}).");
        }

        site = await StartSiteAsync();
        var file = Path.Combine(folder, kind == "nginx" ? "nginx.conf" : "haproxy.cfg");
        var text = await File.ReadAllTextAsync(Path.Combine(TestDatabase.Root, "scripts", "proxy", Path.GetFileName(file)));
        foreach (var (there, here) in Addresses(kind, qrLogin, withTls).Concat(fill))
        {
            Assert.That(text, Does.Contain(there), "the file has it");
            text = text.Replace(there, here, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(file, text);
        var start = new ProcessStartInfo($"/usr/sbin/{kind}", kind == "nginx" ? ["-p", folder, "-c", file] : ["-f", file])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Eventually.IsAsync(() =>
        {
            Assert.That(process.HasExited, Is.False, Said);
            return Task.FromResult(IsListening());
        }, $"{kind} listens");
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await process.WaitForExitAsync();
        }

        process?.Dispose();
        if (site is not null)
        {
            await site.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private IEnumerable<(string There, string Here)> Addresses(string kind, Uri qrLogin, bool withTls)
    {
        yield return ("127.0.0.1:8081", qrLogin.Authority.Replace("localhost", "127.0.0.1", StringComparison.Ordinal));
        yield return ("127.0.0.1:8082", new Uri(site!.Urls.Single()).Authority);
        if (!withTls)
        {
            yield return ("127.0.0.1:8080", $"127.0.0.1:{port}");
            yield break;
        }

        var (certificate, key) = Certificate();
        File.WriteAllText($"{folder}/site.pem", kind == "nginx" ? certificate : certificate + "\n" + key);
        File.WriteAllText($"{folder}/site.key", key);
        if (kind == "nginx")
        {
            yield return ("listen 127.0.0.1:8080;", "");
            yield return ("# listen 443 ssl http2;", $"listen 127.0.0.1:{port} ssl http2;");
            yield return ("# ssl_certificate", "ssl_certificate");
        }
        else
        {
            yield return ("bind 127.0.0.1:8080", "");
            yield return ("# bind :443 ssl crt site.pem", $"bind 127.0.0.1:{port} ssl crt {folder}/site.pem");
        }
    }

    private static async Task<WebApplication> StartSiteAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(context => context.Response.WriteAsync($"the site: {context.Request.Path}"));
        await app.StartAsync();
        return app;
    }

    private static (string Certificate, string Key) Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private bool IsListening()
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Note(string? line)
    {
        lock (said)
        {
            said.AppendLine(line);
        }
    }
}
