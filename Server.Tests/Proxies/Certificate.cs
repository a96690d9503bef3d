using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace QrLogin.Server.Tests.Proxies;

/// <summary>A certificate for localhost that nobody vouches for, thrown away with the test.</summary>
internal sealed class Certificate : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public Certificate()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256) { CertificateExtensions = { names.Build() } };
        Public = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    /// <summary>What clients know it by.</summary>
    public X509Certificate2 Public { get; }

    /// <param name="isOneFile">Whether the key is in the certificate's file too.</param>
    public void Write(string file, string keyFile, bool isOneFile)
    {
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(file, $"{Public.ExportCertificatePem()}\n{(isOneFile ? key.ExportPkcs8PrivateKeyPem() : "")}\n");
    }

    public void Dispose()
    {
        Public.Dispose();
        key.Dispose();
    }
}
