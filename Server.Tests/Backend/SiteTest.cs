using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Backend;

/// <summary>Each test has a site of its own, whose backend may do everything on the shared server.</summary>
internal abstract class SiteTest
{
    protected SiteBackend Site { get; private set; } = null!;

    [SetUp]
    public async Task BeginSite() => Site = await SiteBackend.NewAsync(World.Server);

    [TearDown]
    public void EndSite() => Site.Dispose();
}
