using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;

namespace QrLogin.Server.Sessions;

/// <summary>What a call asks of its session.</summary>
internal static class SessionPolicy
{
    public const string KindClaim = "kind";
    private const string Any = "session";
    private const string Web = "web session";

    /// <summary>The PC or the phone.</summary>
    public static TBuilder RequireSession<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(Any).SecuredBy(["cookie", "bearer"], Problem.SessionRequired, Problem.Unavailable);

    /// <summary>The PC only.</summary>
    public static TBuilder RequireWebSession<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(Web)
            .SecuredBy(["cookie"], Problem.SessionRequired, Problem.WebSessionRequired, Problem.Unavailable);

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
        .RequireAssertion(decision => decision.Resource is HttpContext context && (!IsForgeable(context) || IsFromOurPage(context)));

    private static bool IsFromOurPage(HttpContext context) =>
        context.RequestServices.GetRequiredService<IOptions<SiteOptions>>().Value.Allows(context.Request);
}
