using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace QrLogin.Sample;

/// <summary>
/// Lets a phone in by the token that QrLogin gave it. An answer is believed for five seconds: so long a revoked token still serves.
/// </summary>
internal sealed class PhoneTokens(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, QrLoginBackend qrLogin,
    IMemoryCache known)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header)
            || header is not { Scheme: "Bearer", Parameter: { Length: > 0 and <= 100 } token })
        {
            return AuthenticateResult.NoResult();
        }

        var userId = await known.GetOrCreateAsync(token, entry =>
        {
            entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(5);
            entry.Size = 1;
            return qrLogin.IntrospectAsync(token);
        });
        return userId is null
            ? AuthenticateResult.Fail("It is no living token.")
            : AuthenticateResult.Success(new AuthenticationTicket(
                new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, userId)], Scheme.Name)), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = Request.Headers.Authorization.Count > 0 ? "Bearer error=\"invalid_token\"" : "Bearer";
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }
}
