using System.Net.Mime;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace QrLogin.Server.Http;

/// <summary>
/// Tells Android (Digital Asset Links) and Apple's systems (universal links) that <c>/q</c>, and nothing else of this site, may open in the
/// site's own app. The fragment, which holds the ticket, goes to the app with it.
/// </summary>
internal static class AppLinks
{
    private const string Relation = "delegate_permission/common.handle_all_urls";
    private const string CacheControl = "public, max-age=3600";

    /// <summary>The one path of both; the pattern language of both takes it as it stands.</summary>
    private static readonly Dictionary<string, string>[] Paths = [new() { ["/"] = "/q" }];

    public static WebApplication MapAppLinks(this WebApplication app)
    {
        var apps = app.Services.GetRequiredService<IOptions<AppOptions>>().Value;
        var wellKnown = app.MapGroup("/.well-known");
        wellKnown.MapJson("/assetlinks.json", "AssetLinks", "Which apps for Android may open `/q`.",
            apps.Android.Length > 0 ? apps.Android.Select(AssetLink) : null);
        wellKnown.MapJson("/apple-app-site-association", "AppleAppSiteAssociation", "Which apps for iOS may open `/q`.",
            apps.Apple.Length > 0 ? SiteAssociation(apps.Apple) : null);
        WarnOfPort(app, apps);
        return app;
    }

    /// <summary>Both systems ask on https and port 443 only, and elsewhere open the browser without a word.</summary>
    private static void WarnOfPort(WebApplication app, AppOptions apps)
    {
        var origin = app.Services.GetRequiredService<IOptions<SiteOptions>>().Value.PublicOrigin;
        if (apps.Android.Length + apps.Apple.Length > 0 && new Uri(origin) is not { Scheme: "https", Port: 443 })
        {
            app.Logger.LogWarning(
                "Apps are named, but no phone will open them: Android and iOS ask on https and port 443 only, and PublicOrigin is {Origin}",
                origin);
        }
    }

    /// <summary>The same JSON for everybody, or 404 where there is none.</summary>
    private static void MapJson(this RouteGroupBuilder group, string path, string name, string summary, object? content)
    {
        var json = content is null ? null : JsonSerializer.SerializeToUtf8Bytes(content);
        group.MapRead(path, Results<FileContentHttpResult, ProblemHttpResult> (HttpResponse response) =>
        {
            if (json is null)
            {
                return Problem.NotFound.Result();
            }

            response.Headers[HeaderNames.CacheControl] = CacheControl;
            return TypedResults.Bytes(json, MediaTypeNames.Application.Json);
        }).WithName(name).Answers(200, MediaTypeNames.Application.Json).Describe(summary, Problem.NotFound);
    }

    /// <summary>
    /// developers.google.com/digital-asset-links/v1/statements. The extension is read by Android 15 and later; before, the app's manifest
    /// alone names the path.
    /// </summary>
    private static object AssetLink(AndroidApp app) => new
    {
        relation = new[] { Relation },
        target = new { @namespace = "android_app", package_name = app.Package, sha256_cert_fingerprints = app.Fingerprints },
        relation_extensions = new Dictionary<string, object> { [Relation] = new { dynamic_app_link_components = Paths } },
    };

    /// <summary>developer.apple.com/documentation/bundleresources/applinks.</summary>
    private static object SiteAssociation(string[] apps) => new
    {
        applinks = new { details = new[] { new { appIDs = apps, components = Paths } } },
    };
}
