using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Clients;

/// <summary>
/// Which client calls: its name and secret by HTTP Basic (RFC 7617; RFC 6749 §2.3.1 needs no more for these alphabets). Its refusals are
/// 401 <c>client_required</c>, 429 in its place where an address has had too many of them, and 403 <c>scope_required</c>. Who has the
/// right secret is never refused for what others did: it cannot be guessed, so the limit only spares the trail and the log.
/// </summary>
internal sealed partial class ClientAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder,
    ClientStore clients, FailureLimits failures, AuditTrail audit)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Client";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Credentials() is not var (name, secret) || await clients.FindAsync(name, secret) is not { } client)
        {
            return AuthenticateResult.NoResult();
        }

        Context.Features.Set(client);
        var identity = new ClaimsIdentity(client.Scopes.Select(scope => new Claim(ClientPolicy.ScopeClaim, scope)), SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        // Many clients send their secret only when they have been asked for it: the first call, without one, is no failure.
        var isFailure = Request.Headers.Authorization.Count > 0;
        var wait = isFailure ? failures.Count(Problem.ClientRequired, Context) : null;
        var refusal = wait is null ? Problem.ClientRequired : Problem.TooManyRequests;
        if (isFailure)
        {
            audit.Record(Refused(refusal));
        }

        if (wait is { } seconds)
        {
            return refusal.Result(Response, seconds).ExecuteAsync(Context);
        }

        Response.Headers.WWWAuthenticate = "Basic realm=\"QrLogin\", charset=\"UTF-8\"";
        return refusal.Result().ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        audit.Record(Refused(Problem.ScopeRequired) with { Detail = Context.Features.Get<Client>()!.Name });
        return Problem.ScopeRequired.Result().ExecuteAsync(Context);
    }

    private AuditEvent Refused(Problem why) =>
        new(AuditEvent.Client, "authenticate", ClientAddress.Of(Context)) { Why = why.Code, OncePerMinute = true };

    /// <returns>Null where there are none, or none that a client can have.</returns>
    private (string Name, Secret Secret)? Credentials()
    {
        const string basic = "Basic ";
        Span<byte> decoded = stackalloc byte[128];
        if (Request.Headers.Authorization is not [{ } header] || !header.StartsWith(basic, StringComparison.OrdinalIgnoreCase)
            || !Convert.TryFromBase64String(header[basic.Length..].Trim(' '), decoded, out var length))
        {
            return null;
        }

        var parts = Encoding.UTF8.GetString(decoded[..length]).Split(':');
        return parts is [var name, var text] && Name().IsMatch(name) && Secret.TryParse(text, ClientStore.SecretLength, out var secret)
            ? (name, secret) : null;
    }

    [GeneratedRegex(@"^[a-z0-9-]{1,32}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
