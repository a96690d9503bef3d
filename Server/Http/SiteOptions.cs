using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace QrLogin.Server.Http;

/// <summary>Where people reach this server. The keys stand at the top level of the configuration; a wrong value refuses to start.</summary>
internal sealed class SiteOptions : IValidateOptions<SiteOptions>
{
    /// <summary>What the QR code points at and browsers name as <c>Origin</c>: scheme, host and port, nothing after.</summary>
    public string PublicOrigin { get; init; } = "http://localhost:8080";

    /// <summary>Further origins whose pages may connect and use the cookie.</summary>
    public string[] AllowedOrigins { get; init; } = [];

    /// <summary>Addresses or networks (10.0.0.0/8) of reverse proxies whose forwarded headers count.</summary>
    public string[] TrustedProxies { get; init; } = [];

    /// <summary>Development on this machine: the one case in which the cookie goes without <c>Secure</c>.</summary>
    public bool IsLocal => PublicOrigin.StartsWith("http:", StringComparison.Ordinal);

    /// <summary>
    /// Whether the request comes from a page of ours (OWASP CSRF, "verifying origin"): a present <c>Origin</c> decides, compared whole;
    /// <c>Sec-Fetch-Site</c> counts only without it; neither is no.
    /// </summary>
    public bool Allows(HttpRequest request)
    {
        var origin = request.Headers.Origin;
        return origin.Count > 0
            ? origin.Count == 1 && (origin[0] == PublicOrigin || AllowedOrigins.Contains(origin[0], StringComparer.Ordinal))
            : request.Headers["Sec-Fetch-Site"] == "same-origin";
    }

    /// <summary>Names the key and the environment variable of what is wrong.</summary>
    public ValidateOptionsResult Validate(string? name, SiteOptions options)
    {
        var origins = options.AllowedOrigins.Index()
            .Select(each => (Key: $"AllowedOrigins:{each.Index}", Variable: $"AllowedOrigins__{each.Index}", Origin: each.Item))
            .Prepend((Key: "PublicOrigin", Variable: "PublicOrigin", Origin: options.PublicOrigin));
        List<string> faults =
        [
            .. from each in origins
               let fault = Fault(each.Origin)
               where fault is not null
               select $"{each.Key} (environment variable {each.Variable}): {fault}",
            .. from each in options.TrustedProxies.Index()
               where ParseNetwork(each.Item) is null
               select $"TrustedProxies:{each.Index} (environment variable TrustedProxies__{each.Index}): "
                   + $"\"{each.Item}\" is neither an address nor a network such as 10.0.0.0/8.",
        ];
        return faults.Count > 0 ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }

    public static IPNetwork? ParseNetwork(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
        : null;

    private static string? Fault(string origin) =>
        !Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")
            || uri.GetLeftPart(UriPartial.Authority) != origin || uri.UserInfo.Length > 0
            ? $"\"{origin}\" is not an origin; write it in lower case as https://login.example.com, without a path or a slash at the end."
            : uri.Scheme == "http" && uri.Host != "localhost"
                ? $"\"{origin}\" is not encrypted; http serves only localhost, for development. Use https."
                : null;
}
