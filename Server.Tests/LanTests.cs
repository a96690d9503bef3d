using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>What <c>scripts/run --lan</c> is made of: the certificate, the code in the terminal, the arguments.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class LanTests
{
    /// <summary>One at a time, also of those who run it otherwise: what is not built yet is built by the first.</summary>
    public static SemaphoreSlim Turn { get; } = new(1);

    private readonly string folder = Directory.CreateTempSubdirectory("qrlogin-lan-").FullName;

    private string CertificateFile => Path.Combine(folder, "127.0.0.1.pem");

    private string KeyFile => Path.Combine(folder, "127.0.0.1.key");

    [TearDown]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [Test]
    public async Task The_certificate_is_for_the_address_and_a_server_and_for_less_than_398_days()
    {
        var (_, output, _) = await MakeCertificateAsync();
        Assert.That(output.TrimEnd().Split('\n')[^1], Is.EqualTo("127.0.0.1"), "below what the SDK says, which may greet its user");

        using var certificate = X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.That(names.EnumerateIPAddresses(), Is.EqualTo([IPAddress.Loopback]));
        Assert.That(names.EnumerateDnsNames(), Is.EqualTo(["localhost"]));
        Assert.That(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority, Is.False);
        var usages = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages;
        Assert.That(usages.Cast<Oid>().Select(each => each.Value), Is.EqualTo(["1.3.6.1.5.5.7.3.1"]));
        Assert.That((certificate.NotAfter - certificate.NotBefore).TotalDays, Is.InRange(90, 397));
        Assert.That(File.GetUnixFileMode(KeyFile), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public async Task The_certificate_is_kept_until_a_week_before_its_end_and_while_its_key_is_there()
    {
        await MakeCertificateAsync();
        var first = await File.ReadAllTextAsync(CertificateFile);
        await MakeCertificateAsync();
        Assert.That(await File.ReadAllTextAsync(CertificateFile), Is.EqualTo(first), "kept");

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(KeyFile, key.ExportPkcs8PrivateKeyPem());
        await MakeCertificateAsync();
        var second = await File.ReadAllTextAsync(CertificateFile);
        Assert.That(second, Is.Not.EqualTo(first), "with another's key");

        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        var request = new CertificateRequest("CN=old", key, HashAlgorithmName.SHA256) { CertificateExtensions = { names.Build() } };
        using var old = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-170), DateTimeOffset.UtcNow.AddDays(6));
        await File.WriteAllTextAsync(CertificateFile, old.ExportCertificatePem());
        await File.WriteAllTextAsync(KeyFile, key.ExportPkcs8PrivateKeyPem());
        await MakeCertificateAsync();
        using var third = X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);
        Assert.That(third.Subject, Is.Not.EqualTo(old.Subject), "about to end");
    }

    [Test]
    public async Task An_address_that_the_machine_has_not_is_refused_and_those_that_it_has_are_named()
    {
        var (status, output, errors) = await RunAsync("lan", ["certificate", folder], ("LAN_ADDRESS", "192.0.2.254"));
        Assert.That((status, output), Is.EqualTo((1, "")));
        Assert.That(errors, Does.Contain("\"192.0.2.254\"").And.Contain("127.0.0.1 (lo)"));
        Assert.That(Directory.GetFiles(folder), Is.Empty);
    }

    [TestCase("https://10.0.0.7:8443/phone")]
    [TestCase("https://192.168.178.120:18443/phone")]
    public async Task The_code_in_the_terminal_is_read(string address)
    {
        var (status, output, errors) = await RunAsync("lan", ["code", address]);
        Assert.That(status, Is.Zero, errors);
        Assert.That(QrReader.ReadTerminal(output), Is.EqualTo(address));
    }

    [TestCase("--help", 0)]
    [TestCase("--wan", 2)]
    public async Task Run_says_what_it_takes(string argument, int expected)
    {
        var (status, output, errors) = await RunAsync("run", [argument]);
        Assert.That(status, Is.EqualTo(expected));
        Assert.That(expected == 0 ? output : errors, Does.Contain("scripts/run --lan").And.Contain("LAN_ADDRESS"));
    }

    private async Task<(int Status, string Output, string Errors)> MakeCertificateAsync()
    {
        var result = await RunAsync("lan", ["certificate", folder], ("LAN_ADDRESS", "127.0.0.1"));
        Assert.That(result.Status, Is.Zero, result.Output + result.Errors);
        return result;
    }

    private static async Task<(int Status, string Output, string Errors)> RunAsync(
        string script, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Path.Combine(TestDatabase.Root, "scripts", script), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        Assert.That(await Turn.WaitAsync(TimeSpan.FromMinutes(5)), "its turn came");
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, output, await errors);
        }
        finally
        {
            Turn.Release();
        }
    }
}
