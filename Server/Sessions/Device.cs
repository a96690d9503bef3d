using QrLogin.Server.Http;

namespace QrLogin.Server.Sessions;

/// <summary>What a device says of itself, made harmless: no control or format characters, at most 64 UTF-16 units.</summary>
internal sealed record Device(string? Name, string? Platform)
{
    private const int MaxLength = 64;

    /// <summary>A claim in free text.</summary>
    public static Device Claimed(string? name, string? platform) => new(PlainText.Of(name, MaxLength), PlainText.Of(platform, MaxLength));

    /// <summary>A browser and its system, as far as a <c>User-Agent</c> (RFC 9110 §10.1.5) tells in passing.</summary>
    public static Device FromUserAgent(string userAgent) => new(
        Name: FirstIn(userAgent,
            ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")),
        Platform: FirstIn(userAgent, ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iPadOS"),
            ("CrOS", "ChromeOS"), ("Mac OS X", "macOS"), ("Linux", "Linux")));

    private static string? FirstIn(string text, params ReadOnlySpan<(string Sign, string Name)> known)
    {
        foreach (var (sign, name) in known)
        {
            if (text.Contains(sign, StringComparison.Ordinal))
            {
                return name;
            }
        }

        return null;
    }
}
