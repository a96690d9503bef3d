using System.Net.Http.Headers;
using Duende.IdentityModel.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.OAuth;

/// <summary>
/// A service of the site: it greets whoever comes with a phone's token. It asks by somebody else's client of RFC 7662, and believes an
/// answer for a second.
/// </summary>
internal sealed class GreetingService : IAsyncDisposable
{
    public static readonly TimeSpan Believes = TimeSpan.FromSeconds(1);

    private readonly WebApplication app;

    private GreetingService(WebApplication app) => this.app = app;

    public Uri Address => new(app.Urls.Single());

    /// <summary>How often it has asked.</summary>
    public int Asked { get; private set; }

    public static async Task<GreetingService> StartAsync(IRunningServer server, SiteBackend client)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddMemoryCache().AddHttpClient();
        var service = new GreetingService(builder.Build());
        service.app.MapGet("/greeting", async (HttpContext context, IMemoryCache cache, HttpClient http) =>
        {
            var token = AuthenticationHeaderValue.TryParse(context.Request.Headers.Authorization, out var header)
                && header is { Scheme: "Bearer", Parameter: { } given } ? given : "";
            var known = await cache.GetOrCreateAsync(token, entry =>
            {
                entry.AbsoluteExpirationRelativeToNow = Believes;
                service.Asked++;
                return http.IntrospectTokenAsync(new TokenIntrospectionRequest
                {
                    Address = new Uri(server.Address, "/oauth/introspect").ToString(),
                    ClientId = client.Name,
                    ClientSecret = client.Secret,
                    ClientCredentialStyle = ClientCredentialStyle.AuthorizationHeader,
                    Token = token.Length > 0 ? token : "none",
                });
            });
            if (known is { IsError: false, IsActive: true })
            {
                return Results.Text($"Hello, {known.Claims.Single(each => each.Type == "name").Value}");
            }

            context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
            return Results.Text(known?.Error ?? "", statusCode: StatusCodes.Status401Unauthorized);
        });
        await service.app.StartAsync();
        return service;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
