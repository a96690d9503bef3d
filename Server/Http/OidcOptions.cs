using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace QrLogin.Server.Http;

/// <summary>The site's OpenID Connect provider. The keys stand below <c>Oidc</c>; without any there is none.</summary>
internal sealed class OidcOptions
{
    public const string Section = "Oidc";

    /// <summary>The namespace of its accounts, as in <c>oidc.example/4711</c>; another provider needs another.</summary>
    public string? Name { get; init; }

    /// <summary>What people call it: "Sign in with …"; <see cref="Name"/> where it is not given.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Its issuer: <c>/.well-known/openid-configuration</c> stands below (OpenID Connect Discovery 1.0).</summary>
    public string? Authority { get; init; }

    /// <summary>What the provider calls this site.</summary>
    public string? ClientId { get; init; }

    /// <summary>What the provider knows this site by; also the key of what a browser carries through a sign-in.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>With blanks between; <c>openid</c> is among them.</summary>
    public string Scopes { get; init; } = "openid profile phone";

    /// <summary>The claim that holds what people are called.</summary>
    public string NameClaim { get; init; } = "name";

    /// <summary>The claim that holds the telephone number.</summary>
    public string PhoneClaim { get; init; } = "phone_number";

    /// <summary>The claim that says, with <c>true</c>, that the provider vouches for the number.</summary>
    public string PhoneVerifiedClaim { get; init; } = "phone_number_verified";

    /// <summary>The page of this origin on which who has signed in ends.</summary>
    public string ReturnPath { get; init; } = "/";

    public bool IsConfigured => !string.IsNullOrEmpty(Name);

    /// <summary>Of its accounts; no client can have this name.</summary>
    public string Issuer => $"oidc.{Name}";

    public string Title => DisplayName ?? Name ?? "";
}

/// <summary>A wrong value, a part of it without the others, or a key that there is not, refuses to start.</summary>
internal sealed partial class OidcOptionsCheck(IConfiguration configuration) : IValidateOptions<OidcOptions>
{
    /// <summary>Names the key and the environment variable of what is wrong; never repeats the secret.</summary>
    public ValidateOptionsResult Validate(string? name, OidcOptions options)
    {
        var given = configuration.GetSection(OidcOptions.Section).AsEnumerable(makePathsRelative: true)
            .Where(each => each.Key.Length > 0 && !string.IsNullOrEmpty(each.Value)).Select(each => each.Key).ToList();
        if (given.Count == 0)
        {
            return ValidateOptionsResult.Success;
        }

        var known = typeof(OidcOptions).GetProperties().Where(each => each.SetMethod is not null).Select(each => each.Name).ToList();
        List<string> faults =
        [
            .. from key in given
               where !known.Contains(key, StringComparer.OrdinalIgnoreCase)
               select Fault(key, $"there is no such key; there are {string.Join(", ", known)}."),
            .. from each in Faults(options)
               select Fault(each.Key, each.Fault),
        ];
        return faults.Count > 0 ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }

    private static IEnumerable<(string Key, string Fault)> Faults(OidcOptions options)
    {
        if (!ShortName().IsMatch(options.Name ?? ""))
        {
            yield return (nameof(options.Name), $"\"{options.Name}\" is not 1 to 32 of a-z 0-9 and -, the namespace of its accounts.");
        }

        if (options.DisplayName is { } title && (title.Length > 50 || title.Any(char.IsControl) || string.IsNullOrWhiteSpace(title)))
        {
            yield return (nameof(options.DisplayName), "It has more than 50 characters, none, or ones that cannot be shown.");
        }

        if (!Uri.TryCreate(options.Authority, UriKind.Absolute, out var authority) || authority.Query.Length + authority.Fragment.Length > 0
            || !(authority.Scheme == "https" || (authority.Scheme == "http" && authority.IsLoopback)))
        {
            yield return (nameof(options.Authority),
                $"\"{options.Authority}\" is not an issuer such as https://id.example.com; http serves only this machine.");
        }

        if (string.IsNullOrEmpty(options.ClientId))
        {
            yield return (nameof(options.ClientId), "It is missing: what the provider calls this site.");
        }

        if (string.IsNullOrEmpty(options.ClientSecret))
        {
            yield return (nameof(options.ClientSecret), "It is missing: the secret that the provider has given to this site.");
        }

        if (!options.Scopes.Split(' ').Contains("openid"))
        {
            yield return (nameof(options.Scopes), $"\"{options.Scopes}\" has no openid; write them with blanks between.");
        }

        if (!LocalPath().IsMatch(options.ReturnPath))
        {
            yield return (nameof(options.ReturnPath), $"\"{options.ReturnPath}\" is not a path of this site such as /account.");
        }
    }

    private static string Fault(string key, string fault)
    {
        var path = $"{OidcOptions.Section}:{key}";
        return $"{path} (environment variable {path.Replace(":", "__", StringComparison.Ordinal)}): {fault}";
    }

    [GeneratedRegex(@"\A[a-z0-9-]{1,32}\z")]
    private static partial Regex ShortName();

    /// <summary>Browsers read <c>//</c> and <c>/\</c> as another host.</summary>
    [GeneratedRegex(@"\A/(?![/\\])[\x21-\x5B\x5D-\x7E]*\z")]
    private static partial Regex LocalPath();
}
