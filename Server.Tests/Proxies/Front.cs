using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Proxies;

/// <summary>
/// What people see of a site that has QrLogin: one origin over https, with nginx or HAProxy before both. One test, one thread.
/// </summary>
internal sealed class Front : IRunningServer, IAsyncDisposable
{
    private readonly Certificate certificate = new();
    private Site site = null!;

    private Front(int port) => Address = new Uri($"https://localhost:{port}");

    public Uri Address { get; }

    public string PublicOrigin => Address.GetLeftPart(UriPartial.Authority);

    public X509Certificate2 Certificate => certificate.Public;

    public Proxy Proxy { get; private set; } = null!;

    /// <summary>QrLogin itself, which the proxy calls.</summary>
    public IRunningServer Server { get; private set; } = null!;

    /// <param name="program">The proxy: <c>nginx</c> or <c>haproxy</c>.</param>
    /// <param name="change">What is otherwise than in the proxy's sample.</param>
    /// <param name="configure">What is otherwise in QrLogin.</param>
    public static Task<Front> StartAsync(
        string program, Func<string, string>? change = null, Action<IServiceCollection>? configure = null) =>
        StartAsync(program, change, origin => Task.FromResult<IRunningServer>(NewServer(origin, TestServer.FreePort(), configure)));

    /// <summary>With QrLogin as a process of its own, which can be sent signals.</summary>
    public static Task<Front> StartWithProcessAsync(string program) =>
        StartAsync(program, null, async origin => await ServerProcess.StartAsync(
            World.Database, "true", ("PublicOrigin", origin), ("TrustedProxies__0", "127.0.0.1")));

    public async ValueTask DisposeAsync()
    {
        Proxy?.Dispose();
        if (site is not null)
        {
            await site.DisposeAsync();
        }

        await StopServerAsync();
        certificate.Dispose();
    }

    /// <summary>QrLogin is away; what is before it stays.</summary>
    public async Task StopServerAsync()
    {
        switch (Server)
        {
            case IAsyncDisposable server:
                await server.DisposeAsync();
                break;
            case IDisposable server:
                server.Dispose();
                break;
        }
    }

    /// <summary>It is back, on the port that it had.</summary>
    public void StartServerAgain() => Server = NewServer(PublicOrigin, Server.Address.Port, null);

    private static TestServer NewServer(string origin, int port, Action<IServiceCollection>? configure) => new(
        World.Database,
        new()
        {
            ["PublicOrigin"] = origin,
            ["TrustedProxies:0"] = "127.0.0.1",
            ["Kestrel:Endpoints:Behind:Url"] = $"http://127.0.0.1:{port}", // before urls
        },
        configure: configure);

    private static async Task<Front> StartAsync(
        string program, Func<string, string>? change, Func<string, Task<IRunningServer>> start)
    {
        var front = new Front(TestServer.FreePort());
        try
        {
            front.site = await Site.StartAsync();
            front.Server = await start(front.PublicOrigin);
            front.Proxy = await Proxy.StartAsync(
                program, front.Address.Port, front.certificate, front.Server.Address, front.site.Address, change);
            return front;
        }
        catch
        {
            await front.DisposeAsync();
            throw;
        }
    }
}
