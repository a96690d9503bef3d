using System.Net;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>
/// The provider, as the two calls know it: one sends the browser there, the other hears whom it has named. State, nonce, PKCE and tokens
/// are the framework's handler's. Safe for concurrent use.
/// </summary>
internal sealed class OidcProvider(
    IOptions<OidcOptions> oidc, IOptionsMonitor<OpenIdConnectOptions> handler, ILogger<OidcProvider> logger)
{
    private const string Replaces = "replaces";
    private const int LongestReason = 200;

    /// <summary>Sign-ins that one browser may have begun and not ended: each has two cookies, and a proxy takes only so many.</summary>
    private const int MostAtATime = 8;

    /// <summary>For all that the provider is asked for one call; the page waits for ten.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(8);

    private static readonly AuthenticationScheme Scheme = new(Options.DefaultName, null, typeof(OpenIdConnectHandler));

    /// <summary>What the handler asks and tells.</summary>
    public static OpenIdConnectEvents Events { get; } = new()
    {
        OnRedirectToIdentityProvider = context =>
        {
            var site = context.HttpContext.RequestServices.GetRequiredService<IOptions<SiteOptions>>().Value;
            context.ProtocolMessage.RedirectUri = site.PublicOrigin + OidcSetup.CallbackPath; // whatever Host the request names
            return Task.CompletedTask;
        },
        OnTokenValidated = context =>
        {
            // The handler would take an unsigned one, as OpenID Connect Core 1.0 §3.1.3.7 allows.
            if (string.IsNullOrEmpty(context.SecurityToken.RawSignature))
            {
                context.Fail(new SecurityTokenInvalidSignatureException("The id_token is not signed."));
            }

            return Task.CompletedTask;
        },
        OnUserInformationReceived = context =>
        {
            context.HttpContext.Features.Set(new UserInfo(context.User.RootElement.Clone()));
            return Task.CompletedTask;
        },
        OnTicketReceived = context => End(context, new Outcome(context.Principal, context.Properties, null, null)),
        OnAccessDenied = context => End(context, new Outcome(null, null, Problem.AccessDenied, null)),
        OnRemoteFailure = context => End(context, new Outcome(null, null, ProblemOf(context.Failure), context.Failure)),
    };

    /// <summary>Sets the cookies of a sign-in that begins.</summary>
    /// <param name="replaced">The session that the new one replaces: its strict cookie does not come back from the provider.</param>
    /// <returns>The address to which the browser goes; null where the provider does not answer.</returns>
    public async Task<string?> BeginAsync(HttpContext context, Secret? replaced)
    {
        var properties = new AuthenticationProperties { RedirectUri = "/" };
        if (replaced is not null)
        {
            properties.Items[Replaces] = Convert.ToBase64String(replaced.Hash);
        }

        var begun = handler.Get(Options.DefaultName).CorrelationCookie.Name!;
        if (context.Request.Cookies.Keys.Count(each => each.StartsWith(begun, StringComparison.Ordinal)) >= MostAtATime)
        {
            RemoveCookies(context);
        }

        try
        {
            await RunAsync(context, handler => handler.ChallengeAsync(properties));
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
        {
            Log(Problem.ProviderUnavailable, e); // also where what it answers is no metadata, as a page that it is being mended
            return null;
        }

        var address = context.Response.Headers.Location.ToString();
        context.Response.Headers.Remove("Location");
        context.Response.StatusCode = StatusCodes.Status200OK;
        return address;
    }

    /// <summary>Hears the answer that the browser has brought, and removes the cookies of its sign-in.</summary>
    public async Task<OidcAnswer> EndAsync(HttpContext context)
    {
        await RunAsync(context, handler => handler.HandleRequestAsync());
        var (principal, properties, refusal, fault) =
            context.Features.Get<Outcome>() ?? new Outcome(null, null, Problem.SignInExpired, null); // it knows no …/callback/
        if (refusal is not null)
        {
            Log(refusal, fault);
        }

        // Else it may be anybody's, and one that this browser has begun goes on.
        if (refusal != Problem.SignInExpired)
        {
            RemoveCookies(context);
        }

        return refusal is not null ? new OidcAnswer(null, null, refusal)
            : new OidcAnswer(
                OidcIdentity.Of(principal!, context.Features.Get<UserInfo>()?.Claims, oidc.Value),
                properties!.Items.TryGetValue(Replaces, out var hash) ? Convert.FromBase64String(hash!) : null,
                null);
    }

    /// <summary>A frozen provider is one that is not there, also to those who wait while another call asks for its metadata.</summary>
    private static async Task RunAsync(HttpContext context, Func<OpenIdConnectHandler, Task> call)
    {
        var client = context.RequestAborted;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(client);
        patience.CancelAfter(Deadline);
        context.RequestAborted = patience.Token; // which the handler hands on; the shared fetch of metadata outlives it
        try
        {
            var handler = context.RequestServices.GetRequiredService<OpenIdConnectHandler>();
            await handler.InitializeAsync(Scheme, context);
            await call(handler);
            client.ThrowIfCancellationRequested(); // the handler takes a browser that has left for a provider that is away
        }
        finally
        {
            context.RequestAborted = client;
        }
    }

    private static Task End(HandleRequestContext<RemoteAuthenticationOptions> context, Outcome outcome)
    {
        context.HttpContext.Features.Set(outcome);
        context.HandleResponse();
        return Task.CompletedTask;
    }

    private static Problem ProblemOf(Exception? fault) => fault switch
    {
        // of the handler: state or cookie are missing, foreign, used or expired
        AuthenticationFailureException or OpenIdConnectProtocolInvalidNonceException => Problem.SignInExpired,
        _ when IsUnreachable(fault) => Problem.ProviderUnavailable,
        _ => Problem.ProviderFailed,
    };

    private static bool IsUnreachable(Exception? fault) =>
        fault is IOException or OperationCanceledException
            or HttpRequestException { StatusCode: null or >= HttpStatusCode.InternalServerError }
        || (fault is not null && IsUnreachable(fault.InnerException));

    /// <summary>
    /// All of them. The handler removes those that it has used: not the nonce of a sign-in that was refused, nor any left behind.
    /// </summary>
    private void RemoveCookies(HttpContext context)
    {
        var options = handler.Get(Options.DefaultName);
        var removed = context.Response.Headers.SetCookie.Select(each => each!.Split('=')[0]).ToHashSet();
        foreach (var cookie in (CookieBuilder[])[options.CorrelationCookie, options.NonceCookie])
        {
            var left = context.Request.Cookies.Keys.Where(each => each.StartsWith(cookie.Name!, StringComparison.Ordinal)).Except(removed);
            foreach (var name in left)
            {
                context.Response.Cookies.Delete(name, cookie.Build(context));
            }
        }
    }

    /// <summary>The provider's <c>error_description</c> is whatever a browser has brought: it stays out.</summary>
    private void Log(Problem refusal, Exception? fault)
    {
        var level = refusal == Problem.ProviderUnavailable || refusal == Problem.ProviderFailed ? LogLevel.Warning : LogLevel.Information;
        var reason = PlainText.Of(fault is OpenIdConnectProtocolException ? $"{fault.Data["error"]}" : fault?.Message, LongestReason);
        logger.Log(
            level, "A sign-in by {Provider} ended with {Code}: {Fault} {Reason}",
            oidc.Value.Name, refusal.Code, fault?.GetType().Name, reason);
    }

    private sealed record Outcome(ClaimsPrincipal? Principal, AuthenticationProperties? Properties, Problem? Refusal, Exception? Fault);

    private sealed record UserInfo(JsonElement Claims);
}

/// <param name="Identity">Whom the provider has named.</param>
/// <param name="Replaced">The hash of the session that this browser had when it began.</param>
/// <param name="Refusal">Why nobody is signed in; the others are null then.</param>
internal sealed record OidcAnswer(OidcIdentity? Identity, byte[]? Replaced, Problem? Refusal);
