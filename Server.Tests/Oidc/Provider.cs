using System.Collections.Concurrent;
using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using QrLogin.Server.Tests.Actors;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace QrLogin.Server.Tests.Oidc;

/// <summary>
/// A real OpenID Connect provider with a sign-in page of its own: OpenIddict on Kestrel. Its host is 127.0.0.1, the server's localhost: to
/// a browser they are two sites. Any thread may ask.
/// </summary>
internal sealed class Provider : IAsyncDisposable
{
    private const string Scheme = OpenIddictServerAspNetCoreDefaults.AuthenticationScheme;
    private readonly ConcurrentDictionary<string, Person> people = new();
    private readonly WebApplication app;

    private Provider(WebApplication app) => this.app = app;

    public string Issuer => $"{app.Urls.Single()}/";

    public static async Task<Provider> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        var database = $"{Guid.NewGuid()}";
        Provider? provider = null;
        builder.Services.AddDbContext<DbContext>(options => options.UseInMemoryDatabase(database).UseOpenIddict());
        builder.Services.AddOpenIddict()
            .AddCore(options => options.UseEntityFrameworkCore().UseDbContext<DbContext>())
            .AddServer(options =>
            {
                options.SetAuthorizationEndpointUris("authorize").SetTokenEndpointUris("token").SetUserInfoEndpointUris("userinfo")
                    .AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange()
                    .RegisterScopes(Scopes.Profile, Scopes.Phone)
                    .AddEphemeralEncryptionKey().AddEphemeralSigningKey();
                options.UseAspNetCore().DisableTransportSecurityRequirement()
                    .EnableAuthorizationEndpointPassthrough().EnableUserInfoEndpointPassthrough();
                options.AddEventHandler<OpenIddictServerEvents.ApplyTokenResponseContext>(handler => handler
                    .SetOrder(int.MinValue)
                    .UseInlineHandler(context =>
                    {
                        provider!.Issue(context.Response);
                        return default;
                    }));
            });
        provider = new Provider(builder.Build());
        provider.app.MapMethods("/authorize", ["GET", "POST"], (Delegate)provider.AuthorizeAsync);
        provider.app.MapGet("/userinfo", (Delegate)provider.UserInfoAsync);
        await provider.app.StartAsync();
        using var first = new HttpClient(); // which waits for its keys to be made
        await first.GetStringAsync($"{provider.Issuer}.well-known/jwks");
        return provider;
    }

    /// <summary>Tells it of a site.</summary>
    /// <returns>What the site's server is to be configured with.</returns>
    public async Task<Dictionary<string, string>> RegisterAsync(string publicOrigin, string name)
    {
        var client = new OpenIddictApplicationDescriptor
        {
            ClientId = $"client-{Guid.NewGuid():N}",
            ClientSecret = Ledger.Keep(SecretKind.ClientSecret, $"{Phone.NewVerifier()}"),
            RedirectUris = { new Uri($"{publicOrigin}/api/session/oidc/callback") },
            Permissions =
            {
                Permissions.Endpoints.Authorization, Permissions.Endpoints.Token, Permissions.GrantTypes.AuthorizationCode,
                Permissions.ResponseTypes.Code, Permissions.Scopes.Profile, Permissions.Scopes.Phone,
            },
        };
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>().CreateAsync(client);
        return new()
        {
            ["Oidc:Name"] = name,
            ["Oidc:DisplayName"] = "Example ID",
            ["Oidc:Authority"] = Issuer,
            ["Oidc:ClientId"] = client.ClientId,
            ["Oidc:ClientSecret"] = client.ClientSecret!,
        };
    }

    /// <summary>Somebody who has an account there.</summary>
    public Person Has(Person person) => people[person.Username] = person;

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task<IResult> AuthorizeAsync(HttpContext context)
    {
        var request = context.GetOpenIddictServerRequest()!;
        if (HttpMethods.IsGet(context.Request.Method))
        {
            return Results.Content(SignInPage(request), "text/html");
        }

        if (context.Request.Form.ContainsKey("cancel") || !people.TryGetValue($"{request["user"]}", out var person))
        {
            return Results.Forbid(authenticationSchemes: [Scheme]); // access_denied
        }

        if (person.Error is { } error)
        {
            var said = new Dictionary<string, string?> { [OpenIddictServerAspNetCoreConstants.Properties.Error] = error };
            return Results.Forbid(new AuthenticationProperties(said), [Scheme]);
        }

        var identity = new ClaimsIdentity(Scheme).SetClaim(Claims.Subject, person.Subject).SetScopes(request.GetScopes());
        foreach (var (claim, value) in person.TokenClaims)
        {
            identity.SetClaim(claim, JsonSerializer.SerializeToElement(value));
        }

        identity.SetDestinations(claim => [Destinations.AccessToken, Destinations.IdentityToken]);
        return Results.SignIn(new ClaimsPrincipal(identity), authenticationScheme: Scheme);
    }

    private async Task<IResult> UserInfoAsync(HttpContext context)
    {
        var token = await context.AuthenticateAsync(Scheme);
        var subject = token.Principal!.GetClaim(Claims.Subject);
        var person = people.Values.Single(each => each.Subject == subject);
        return Results.Json(new Dictionary<string, object?>(person.Claims) { ["sub"] = person.UserInfoSubject ?? subject });
    }

    /// <summary>What it issues is secret; and here somebody on the way may have changed it.</summary>
    private void Issue(OpenIddictResponse response)
    {
        Ledger.Keep(SecretKind.Token, response.AccessToken);
        if (Ledger.Keep(SecretKind.Token, response.IdToken) is { } token)
        {
            var subject = IdToken.Payload(token)["sub"]!.ToString();
            response.IdToken = people.Values.Single(each => each.Subject == subject).Tamper(token);
        }
    }

    private static string SignInPage(OpenIddictRequest request)
    {
        var hidden = string.Concat(request.GetParameters().Select(each =>
            $"<input type=hidden name=\"{each.Key}\" value=\"{HtmlEncoder.Default.Encode($"{each.Value}")}\">"));
        return $"""
            <!doctype html><html lang=en><title>Example ID</title><link rel=icon href=data:,>
            <form method=post action=/authorize>{hidden}<label>Your name <input name=user></label>
            <button>Continue</button><button name=cancel value=yes>Cancel</button></form></html>
            """;
    }
}
