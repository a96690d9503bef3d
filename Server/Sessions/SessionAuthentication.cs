using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
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
        Response.Headers.WWWAuthenticate = "Bearer";
        return Problem.SessionRequired.Result().ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        (SessionPolicy.IsForgeable(Context) && !site.Value.Allows(Request) ? Problem.OriginNotAllowed : Problem.WebSessionRequired)
            .Result().ExecuteAsync(Context);

    private Secret? BearerToken() =>
        Request.Headers.Authorization is [{ } header] && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            && Secret.TryParse(header["Bearer ".Length..].Trim(' '), SessionStore.TokenLength, out var token) ? token : null;
}

/// <summary>What a call asks of its session.</summary>
internal static class SessionPolicy
{
    public const string KindClaim = "kind";
    private const string Any = "session";
    private const string Web = "web session";

    /// <summary>The PC or the phone.</summary>
    public static TBuilder RequireSession<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(Any);

    /// <summary>The PC only.</summary>
    public static TBuilder RequireWebSession<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(Web);

    public static IServiceCollection AddSessions(this IServiceCollection services)
    {
        // Only calls that ask for a session pay for looking one up.
        AppContext.SetSwitch("Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme", true);
        services.AddAuthenticationCore(options => options.AddScheme<SessionAuthentication>(SessionAuthentication.SchemeName, null))
            .AddWebEncoders()
            .AddTransient<SessionAuthentication>();
        services.AddAuthorizationBuilder()
            .AddPolicy(Any, policy => Build(policy))
            .AddPolicy(Web, policy => Build(policy).RequireClaim(KindClaim, SessionKind.Web));
        return services.AddSingleton<SessionStore>().AddSingleton<SessionCookie>();
    }

    /// <summary>A change that a browser's cookie alone would authenticate: its page's origin matters (OWASP CSRF).</summary>
    public static bool IsForgeable(HttpContext context) =>
        context.Request.Headers.Authorization.Count == 0 && !HttpMethods.IsGet(context.Request.Method);

    private static AuthorizationPolicyBuilder Build(AuthorizationPolicyBuilder policy) => policy
        .AddAuthenticationSchemes(SessionAuthentication.SchemeName)
        .RequireAuthenticatedUser()
        .RequireAssertion(decision => decision.Resource is not HttpContext context || !IsForgeable(context)
            || context.RequestServices.GetRequiredService<IOptions<SiteOptions>>().Value.Allows(context.Request));
}
