using QrLogin.Server.Storage;
using Scalar.AspNetCore;

namespace QrLogin.Server.Descriptions;

/// <summary>
/// <c>/scalar</c>, in Development only: the OpenAPI document for people, who can try its calls. All that it loads comes from here. Its
/// policy (CSP Level 3) allows its own scripts, by a nonce the one in the page, and the styles that it writes; nothing else has it.
/// </summary>
internal static class BrowsablePage
{
    private const int NonceLength = 16;

    public static void MapBrowsablePage(this WebApplication app) => app.MapScalarApiReference((options, context) =>
    {
        var nonce = Secret.New(NonceLength).Text;
        context.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
            + "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        options.WithTitle("QrLogin")
            .WithNonce(nonce)
            .AddDocument(OpenApi.Name, routePattern: "/openapi/v1.json")
            .WithFavicon("/icon.svg")
            .DisableDefaultFonts().DisableTelemetry().DisableAgent().DisableMcp().HideDeveloperTools().HideClientButton();
    });
}
