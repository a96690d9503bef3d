using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Sessions;

/// <summary>
/// Who calls: a phone by its bearer token (RFC 6750 §2.1), a PC by its cookie. With <c>Authorization</c> present the cookie is ignored.
/// Its refusals are 401 <c>session_required</c>, 403 <c>web_session_required</c> and, for a change by cookie from another site's page,
/// 403 <c>origin_not_allowed</c>.
/// </summary>
internal sealed class SessionAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder,
    SessionStore sessions, SessionCookie cookie, IOptions<SiteOptions> site)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Session";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var byCookie = Request.Headers.Authorization.Count == 0;
        var token = byCookie ? cookie.Read(Request) : BearerToken();
        if (token is null || await sessions.FindAsync(token, byCookie ? SessionKind.Web : SessionKind.Mobile) is not { } session)
        {
            return AuthenticateResult.NoResult();
        }

        Context.Features.Set(session);
        var principal = new ClaimsPrincipal(new ClaimsIdentity([new Claim(SessionPolicy.KindClaim, session.Kind)], SchemeName));
        return AuthenticateResult.Success(new AuthenticationTicket(principal, SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        // RFC 6750 §3.1: who has sent nothing is not told of an error.
        Response.Headers.WWWAuthenticate = Request.Headers.Authorization.Count > 0 ? "Bearer error=\"invalid_token\"" : "Bearer";
        return Problem.SessionRequired.Result().ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        (SessionPolicy.IsForgeable(Context) && !site.Value.Allows(Request) ? Problem.OriginNotAllowed : Problem.WebSessionRequired)
            .Result().ExecuteAsync(Context);

    private Secret? BearerToken() =>
        Request.Headers.Authorization is [{ } header] && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            && Secret.TryParse(header["Bearer ".Length..].Trim(' '), SessionStore.TokenLength, out var token) ? token : null;
}
