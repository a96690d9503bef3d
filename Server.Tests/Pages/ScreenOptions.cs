using Microsoft.Playwright;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Pages;

/// <summary>Whose browser it is; unset, a desktop's.</summary>
internal sealed record ScreenOptions
{
    public int Width { get; init; } = 1280;

    public int Height { get; init; } = 800;

    public ColorScheme Scheme { get; init; } = ColorScheme.Light;

    public string? UserAgent { get; init; }

    /// <summary>The language of the browser.</summary>
    public string Locale { get; init; } = "en-US";

    /// <summary>What its camera sees; the browser is then one of its own.</summary>
    public Film? Camera { get; init; }

    /// <summary>Whether its user lets pages use that camera, or turns them away.</summary>
    public bool MayUseCamera { get; init; } = true;

    /// <summary>Whether the test can move the pages' clock on (<see cref="IPage.Clock"/>).</summary>
    public bool WithClock { get; init; }

    /// <summary>Whether its user goes on where the browser warns of a certificate.</summary>
    public bool TrustsAnyCertificate { get; init; }

    /// <summary>Whose pages it opens, on a port of its own; unset, the one that the page tests share.</summary>
    public TestServer? Server { get; init; }
}
