using System.Security.Cryptography.X509Certificates;

namespace QrLogin.Server.Tests.Host;

/// <summary>A server that the actors can call: within this process, or a process of its own.</summary>
internal interface IRunningServer
{
    Uri Address { get; }

    /// <summary>What it is told that its pages' origin is.</summary>
    string PublicOrigin { get; }

    /// <summary>Over https, the one certificate that it is known by.</summary>
    X509Certificate2? Certificate => null;
}
