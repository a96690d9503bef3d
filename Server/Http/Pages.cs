using Microsoft.Extensions.Options;

namespace QrLogin.Server.Http;

/// <summary>
/// The PC's page, the phone's page and what they load, from <c>wwwroot</c>. Each may do what it needs and no more (CSP Level 3): run our
/// scripts, take our styles, call our API; the phone's page may also use the camera, compile the WebAssembly that reads codes, and be
/// installed.
/// </summary>
internal static class Pages
{
    private const string Computer = "index.html";
    private const string Phone = "phone.html";
    private const string Shop = "shop.html"; // the example of a site's own page

    public static IServiceCollection AddPages(this IServiceCollection services) => services.AddResponseCompression(compression =>
    {
        // Files only: they hold no secret that their length could tell (BREACH).
        compression.EnableForHttps = true;
        compression.MimeTypes = ["text/html", "text/css", "text/javascript", "image/svg+xml", "application/wasm"];
    });

    /// <summary>What the pages load: where no call matches, so that calls pay nothing for it.</summary>
    public static WebApplication UsePageFiles(this WebApplication app)
    {
        app.UseWhen(context => context.GetEndpoint() is null, files => files.UseResponseCompression().UseStaticFiles(Files(app.Services)));
        return app;
    }

    public static WebApplication MapPages(this WebApplication app)
    {
        var files = Files(app.Services);
        app.MapPage("/", "ComputerPage", Computer, files).Describe("The PC's page.");
        app.MapPage("/phone", "PhonePage", Phone, files).Describe("The phone's page.");
        app.MapPage("/q", "ScannedPage", Phone, files).Describe("The phone's page, where a camera app has opened what it scanned.");
        return app;
    }

    private static IEndpointConventionBuilder MapPage(
        this WebApplication app, string path, string name, string file, StaticFileOptions files) =>
        app.MapFallbackToFile(path, file, files)
            .WithName(name)
            .Answers(StatusCodes.Status200OK, "text/html")
            .Answers(StatusCodes.Status304NotModified)
            .AnswersWith(StatusCodes.Status200OK, "ETag", "For If-None-Match.")
            .AnswersWith(StatusCodes.Status304NotModified, "ETag", "The same.");

    private static StaticFileOptions Files(IServiceProvider services)
    {
        var origin = services.GetRequiredService<IOptions<SiteOptions>>().Value.PublicOrigin;
        var policies = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            [Computer] = Policy(origin, "script-src 'self'"),
            [Shop] = Policy(origin, "script-src 'self'"),
            [Phone] = Policy(origin, "script-src 'self' 'wasm-unsafe-eval'; manifest-src 'self'"),
        };
        return new StaticFileOptions
        {
            OnPrepareResponse = file =>
            {
                var headers = file.Context.Response.Headers;
                headers.CacheControl = "no-cache"; // asked about each time, by its ETag: an old script never meets a new server
                if (policies.TryGetValue(file.File.Name, out var policy))
                {
                    headers.ContentSecurityPolicy = policy;
                    headers[ResponseHeaders.PermissionsPolicy] = ResponseHeaders.Permissions(file.File.Name == Phone ? "self" : "");
                }
            },
        };
    }

    /// <param name="origin">The WebSocket's too, which older browsers do not count as <c>'self'</c>.</param>
    /// <param name="own">What only this page may do.</param>
    private static string Policy(string origin, string own) =>
        $"default-src 'none'; {own}; style-src 'self'; img-src 'self' data:; connect-src 'self' ws{origin[4..]}; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
}
