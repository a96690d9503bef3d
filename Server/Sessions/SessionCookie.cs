using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Sessions;

/// <summary>
/// The PC's cookie. Its name follows <see cref="SiteOptions.PublicOrigin"/>, never the request, and the other name is never read:
/// <c>__Host-</c> (RFC 6265bis §4.1.3.2) keeps subdomains and plain http from planting one.
/// </summary>
internal sealed class SessionCookie(IOptions<SiteOptions> site)
{
    /// <summary>For a description of the calls that set it.</summary>
    public const string Meaning = "The session's cookie: `Secure; HttpOnly; SameSite=Strict; Path=/`.";

    private readonly string name = site.Value.IsLocal ? "qrlogin" : "__Host-qrlogin";
    private readonly CookieOptions options = new()
    {
        Secure = !site.Value.IsLocal,
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Path = "/",
    };

    public Secret? Read(HttpRequest request) =>
        Secret.TryParse(request.Cookies[name], SessionStore.TokenLength, out var token) ? token : null;

    public void Write(HttpResponse response, Secret token) => response.Cookies.Append(name, token.Text, options);

    public void Delete(HttpResponse response) => response.Cookies.Delete(name, options);
}
