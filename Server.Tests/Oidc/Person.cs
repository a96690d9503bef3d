using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Oidc;

/// <summary>Somebody who has an account at the provider.</summary>
internal sealed record Person
{
    public string Username { get; init; } = $"user-{Guid.NewGuid():N}";

    public string Subject { get; init; } = $"sub|{Guid.NewGuid():N}";

    /// <summary>What the provider's userinfo says.</summary>
    public Dictionary<string, object?> Claims { get; init; } = new() { ["name"] = "Alice Example" };

    /// <summary>What its id_token says besides the subject.</summary>
    public Dictionary<string, object?> TokenClaims { get; init; } = [];

    /// <summary>Whom userinfo is about, where that is somebody else.</summary>
    public string? UserInfoSubject { get; init; }

    /// <summary>What somebody does with the id_token on its way.</summary>
    public Func<string, string> Tamper { get; init; } = token => token;

    /// <summary>What the provider says instead of naming them.</summary>
    public string? Error { get; init; }

    /// <summary>Whose number it is, and what the provider says about that.</summary>
    public static Person With(Phone phone, object? verified) => new()
    {
        Claims = new() { ["name"] = "Alice Example", ["phone_number"] = phone.Number, ["phone_number_verified"] = verified },
    };
}

/// <summary>A JSON Web Token (RFC 7519) as who has it can take it apart.</summary>
internal static class IdToken
{
    public static JsonNode Payload(string token) => JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]))!;

    /// <summary>With another claim, and the signature of before.</summary>
    public static string WithClaim(string token, string claim, JsonNode value)
    {
        var payload = Payload(token);
        payload[claim] = value;
        var parts = token.Split('.');
        return $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload.ToJsonString()))}.{parts[2]}";
    }

    /// <summary>The same claims, and no signature.</summary>
    public static string Unsigned(string token) =>
        $"{Base64Url.EncodeToString("""{"alg":"none"}"""u8)}.{token.Split('.')[1]}.";
}
