using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>
/// The framework's OpenID Connect handler as we use it: authorization code with PKCE, answered in the query (so that its cookies need no
/// <c>SameSite=None</c>), no tokens kept. It is no authentication scheme: calls other than the two of <see cref="OidcEndpoints"/> never
/// meet it.
/// </summary>
internal sealed class OidcSetup(IOptions<OidcOptions> oidc, IOptions<SiteOptions> site)
    : IConfigureNamedOptions<OpenIdConnectOptions>, IPostConfigureOptions<OpenIdConnectOptions>
{
    public const string CallbackPath = "/api/session/oidc/callback";

    /// <summary>How long a person may take at the provider.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static void Add(IServiceCollection services) => services
        .AddTransient<OpenIdConnectHandler>()
        .AddSingleton<OidcProvider>()
        .AddSingleton<IConfigureOptions<OpenIdConnectOptions>, OidcSetup>()
        .AddSingleton<IPostConfigureOptions<OpenIdConnectOptions>, OidcSetup>();

    public void Configure(OpenIdConnectOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, OpenIdConnectOptions options)
    {
        var provider = oidc.Value;
        options.Authority = provider.Authority;
        options.RequireHttpsMetadata = provider.Authority!.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        options.ClientId = provider.ClientId;
        options.ClientSecret = provider.ClientSecret;
        options.CallbackPath = CallbackPath;
        options.ResponseType = OpenIdConnectResponseType.Code;
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.MapInboundClaims = false;
        options.ClaimActions.Clear();
        options.GetClaimsFromUserInfoEndpoint = true;
        options.DisableTelemetry = true;
        options.BackchannelTimeout = OidcProvider.Deadline;
        options.RemoteAuthenticationTimeout = Patience;
        options.ProtocolValidator.NonceLifetime = Patience;
        options.Events = OidcProvider.Events;
        options.Scope.Clear();
        foreach (var scope in provider.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            options.Scope.Add(scope);
        }

        Bind(options.CorrelationCookie, "qrlogin-oidc.");
        Bind(options.NonceCookie, "qrlogin-oidc-nonce.");
    }

    public void PostConfigure(string? name, OpenIdConnectOptions options)
    {
        var key = Secret.OfText(options.ClientSecret!, $"{options.Authority} {options.ClientId}");
        new OpenIdConnectPostConfigureOptions(new OidcState(key)).PostConfigure(name, options);
        options.ConfigurationManager = new OidcMetadata(options.ConfigurationManager!);
    }

    /// <summary>As <c>SessionCookie</c>, but that it has to come along from the provider's page.</summary>
    private void Bind(CookieBuilder cookie, string name)
    {
        cookie.Name = site.Value.IsLocal ? name : $"__Host-{name}";
        cookie.SecurePolicy = site.Value.IsLocal ? CookieSecurePolicy.None : CookieSecurePolicy.Always;
        cookie.SameSite = SameSiteMode.Lax;
        cookie.HttpOnly = true;
        cookie.Path = "/";
    }
}
