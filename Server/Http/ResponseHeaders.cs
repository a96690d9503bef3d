using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace QrLogin.Server.Http;

/// <summary>
/// What every answer of ours tells a browser, errors and the WebSocket's handshake included: nothing here is to be framed, guessed at,
/// kept, embedded by another origin or given a device. A page that may do more says so before, and keeps what it said.
/// </summary>
internal static class ResponseHeaders
{
    public const string PermissionsPolicy = "Permissions-Policy";

    private const string OneYear = "max-age=31536000";

    public static WebApplication UseResponseHeaders(this WebApplication app)
    {
        var headers = Defaults(new Uri(app.Services.GetRequiredService<IOptions<SiteOptions>>().Value.PublicOrigin));
        app.Use((context, next) =>
        {
            // At the last moment: an exception clears what has been set before.
            context.Response.OnStarting(() =>
            {
                if (context.Response.Headers.CacheControl == "no-cache,no-store") // so the framework answers exceptions
                {
                    context.Response.Headers.Remove(HeaderNames.CacheControl);
                    context.Response.Headers.Remove(HeaderNames.Pragma);
                    context.Response.Headers.Remove(HeaderNames.Expires);
                }

                foreach (var (name, value) in headers)
                {
                    context.Response.Headers.TryAdd(name, value);
                }

                return Task.CompletedTask;
            });
            return next(context);
        });
        return app;
    }

    /// <param name="camera">Who may use it: <c>self</c> or nobody.</param>
    public static string Permissions(string camera = "") => $"camera=({camera}), microphone=(), geolocation=()";

    private static List<KeyValuePair<string, string>> Defaults(Uri site)
    {
        List<KeyValuePair<string, string>> headers =
        [
            new(HeaderNames.CacheControl, "no-store"),
            new(HeaderNames.ContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'"),
            new(HeaderNames.XContentTypeOptions, "nosniff"),
            new("Referrer-Policy", "no-referrer"),
            new("Cross-Origin-Opener-Policy", "same-origin"),
            new("Cross-Origin-Resource-Policy", "same-origin"),
            new(PermissionsPolicy, Permissions()),
        ];
        if (site is { Scheme: "https", IsLoopback: false })
        {
            // RFC 6797: kept for names only, so not for the address of scripts/run --lan; localhost is a name that others use too.
            headers.Add(new(HeaderNames.StrictTransportSecurity, OneYear));
        }

        return headers;
    }
}
