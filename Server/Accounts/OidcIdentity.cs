using System.Security.Claims;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using QrLogin.Server.Bindings;
using QrLogin.Server.Http;

namespace QrLogin.Server.Accounts;

/// <summary>Whom the provider has named, of its claims (OpenID Connect Core 1.0 §5.1) as much as an account needs.</summary>
/// <param name="Subject">The provider's own, never reassigned.</param>
/// <param name="Phone">Only where the provider says that the number has been verified.</param>
internal sealed record OidcIdentity(string Subject, string DisplayName, Identifier? Phone)
{
    private static readonly string[] OtherNames = ["name", "preferred_username", "nickname", "email"];

    /// <param name="idToken">Validated.</param>
    /// <param name="userInfo">Validated to be about the same subject; null where the provider has none.</param>
    public static OidcIdentity Of(ClaimsPrincipal idToken, JsonElement? userInfo, OidcOptions options)
    {
        List<Func<string, string?>> sources =
            [claim => idToken.FindFirst(each => each.Type == claim && each.ValueType != JsonClaimValueTypes.Json)?.Value];
        if (userInfo is { } told)
        {
            sources.Insert(0, claim => told.TryGetProperty(claim, out var value)
                && value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array) ? $"{value}" : null);
        }

        var subject = idToken.FindFirst("sub")?.Value ?? "";
        var names = from claim in OtherNames.Prepend(options.NameClaim)
                    from source in sources
                    let name = PlainText.Of(source(claim), PlainText.LongestName)
                    where name is not null
                    select name;
        return new OidcIdentity(subject, names.FirstOrDefault() ?? subject, PhoneIn(sources, options));
    }

    public override string ToString() => $"{nameof(OidcIdentity)} of {Subject}";

    /// <summary>Number and vouching from one source: what one of them vouches for is not what the other calls the number.</summary>
    private static Identifier? PhoneIn(IEnumerable<Func<string, string?>> sources, OidcOptions options)
    {
        foreach (var source in sources)
        {
            if (string.Equals(source(options.PhoneVerifiedClaim), "true", StringComparison.OrdinalIgnoreCase)
                && Identifier.TryNormalize("phone", source(options.PhoneClaim) ?? "", out var phone))
            {
                return phone;
            }
        }

        return null;
    }
}
