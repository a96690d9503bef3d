using System.Net.Mime;
using System.Reflection;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using QrLogin.Server.Clients;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.OAuth;

/// <summary>
/// The site's services ask whose a phone's token is (RFC 7662), and end it (RFC 7009). A PC's cookie is no token here, nor is anything
/// else: all that is not alive answers alike.
/// </summary>
internal static class TokenEndpoints
{
    public static IServiceCollection AddOAuth(this IServiceCollection services) => services.AddSingleton<TokenStore>();

    public static IEndpointRouteBuilder MapOAuth(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/oauth/introspect", Introspect).RequireClient(ClientScope.Introspect)
            .Describe("Whose a phone's token is (RFC 7662); all that is not alive is not `active`.")
            .Examples(TokenForm.Example, IntrospectionResponse.Example, new IntrospectionResponse(false));
        routes.MapPost("/oauth/revoke", Revoke).RequireClient(ClientScope.Revoke)
            .Describe("Ends the session of a phone's token (RFC 7009), and is 200 in any case.")
            .Examples(TokenForm.Example);
        return routes;
    }

    private static async Task<Ok<IntrospectionResponse>> Introspect(
        TokenForm form, Client caller, SessionStore sessions, TokenStore tokens, IOptions<SiteOptions> site) =>
        TypedResults.Ok(
            await FindAsync(form, sessions) is { } session && await tokens.DescribeAsync(session, caller.Name) is { } token
                ? IntrospectionResponse.Of(session, token, site.Value.PublicOrigin) : new IntrospectionResponse(false));

    private static async Task<Ok> Revoke(TokenForm form, Client caller, SessionStore sessions, AuditTrail audit, HttpContext context)
    {
        if (await FindAsync(form, sessions) is { } session
            && await sessions.EndAsync(session.AccountId, session.Id, "revoked", admittedToo: false))
        {
            var asked = caller.Asks("end_session", context);
            audit.Record(asked with
            {
                AccountId = session.AccountId,
                SessionId = session.Id,
                Detail = $"by its token, {asked.Detail}",
            });
        }

        return TypedResults.Ok(); // RFC 7009 §2.2: also for what is no token
    }

    private static async Task<Session?> FindAsync(TokenForm form, SessionStore sessions) =>
        Secret.TryParse(form.Token, SessionStore.TokenLength, out var token) ? await sessions.FindAsync(token, SessionKind.Mobile) : null;
}

/// <summary>RFC 7662 §2.1 and RFC 7009 §2.1: a form with one <c>token</c>; hints and other members are ignored.</summary>
internal sealed record TokenForm(string Token) : IEndpointParameterMetadataProvider
{
    public static readonly TokenForm Example = new(Secret.Example);

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata([MediaTypeNames.Application.FormUrlEncoded], typeof(TokenForm)));

    /// <summary>Minimal APIs' binding.</summary>
    /// <exception cref="BadHttpRequestException">415: it does not say that it is a form; 400: it has no token, or several.</exception>
    public static async ValueTask<TokenForm?> BindAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
        {
            throw new BadHttpRequestException("Send application/x-www-form-urlencoded.", StatusCodes.Status415UnsupportedMediaType);
        }

        try
        {
            var form = await context.Request.ReadFormAsync();
            return form["token"] is [{ Length: > 0 } token] ? new TokenForm(token) : throw new BadHttpRequestException("Send one token.");
        }
        catch (InvalidDataException e)
        {
            throw new BadHttpRequestException("It is not a form.", e);
        }
    }

    public override string ToString() => nameof(TokenForm);
}

/// <param name="Active">Whether it is a phone's living token; without it there is nothing else.</param>
/// <param name="Sub">The account's id, which never changes.</param>
/// <param name="Username">As in <c>account</c> elsewhere.</param>
/// <param name="Name">What people call the user.</param>
/// <param name="Iss">The server's public origin.</param>
/// <param name="Iat">Seconds since 1970, when the phone was signed in.</param>
/// <param name="Exp">Seconds since 1970, when it ends if it is not used; ask again by then.</param>
/// <param name="TokenType">Always <c>Bearer</c> (RFC 6750).</param>
/// <param name="Sid">The session's id, as in <c>GET /api/sessions</c>.</param>
/// <param name="ExternalId">What the site calls the user, where the caller has made the account.</param>
internal sealed record IntrospectionResponse(
    bool Active,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Sub = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Username = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Iss = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Iat = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Exp = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyName("token_type")] string? TokenType = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? Sid = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyName("external_id")] string? ExternalId = null)
{
    public static readonly IntrospectionResponse Example = new(
        true, "0199a3f0-2222-7333-8444-555566667777", "shop/4711", "Alice", "https://login.example.com", 1_764_057_600, 1_766_649_600,
        "Bearer", Guid.Parse("0199a3f4-7d2b-7c11-9f04-6b8e1a2c3d40"), "4711");

    public static IntrospectionResponse Of(Session session, TokenRow token, string issuer) => new(
        true, session.AccountId.ToString(), session.Username, session.DisplayName, issuer, token.IssuedAt, token.ExpiresAt, "Bearer",
        session.Id, token.ExternalId);
}
