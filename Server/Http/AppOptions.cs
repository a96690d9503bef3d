using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace QrLogin.Server.Http;

/// <summary>The site's own apps, which may open what the QR code says. The keys stand below <c>Apps</c>.</summary>
internal sealed class AppOptions
{
    public const string Section = "Apps";

    public AndroidApp[] Android { get; init; } = [];

    /// <summary>Apple's application identifiers: <c>ABCDE12345.com.example.app</c>.</summary>
    public string[] Apple { get; init; } = [];
}

/// <summary>An app for Android.</summary>
internal sealed record AndroidApp
{
    /// <summary>Its application id: <c>com.example.app</c>.</summary>
    public string? Package { get; init; }

    /// <summary>SHA-256 of each certificate that signs it (with Play App Signing it is Google's), as keytool prints it.</summary>
    public string[] Fingerprints { get; init; } = [];
}

/// <summary>
/// A wrong value, or a key in the wrong place, refuses to start: a phone that is told of an app wrongly says nothing and opens the browser.
/// </summary>
internal sealed partial class AppOptionsCheck(IConfiguration configuration) : IValidateOptions<AppOptions>
{
    private const string Section = AppOptions.Section;

    /// <summary>Names the key and the environment variable of what is wrong.</summary>
    public ValidateOptionsResult Validate(string? name, AppOptions options)
    {
        var packages = options.Android.Select(app => app.Package).ToList();
        List<string> faults =
        [
            .. from each in configuration.GetSection(Section).AsEnumerable(makePathsRelative: true)
               where !string.IsNullOrEmpty(each.Value) && each.Key.Length > 0 && !Key().IsMatch(each.Key)
               select Fault(each.Key, "It is no key; they are Apps:Android:0:Package, Apps:Android:0:Fingerprints:0 and Apps:Apple:0."),
            .. from each in options.Android.Index()
               from fault in Faults($"Android:{each.Index}", each.Item)
               select fault,
            .. from each in packages.Index()
               where each.Item is not null && packages.IndexOf(each.Item) < each.Index
               select Fault($"Android:{each.Index}:Package", $"\"{each.Item}\" is there already; give one app all its fingerprints."),
            .. from each in options.Apple.Index()
               where !AppleId().IsMatch(each.Item)
               select Fault($"Apple:{each.Index}",
                   $"\"{each.Item}\" is not an application identifier; write prefix (team) and bundle as ABCDE12345.com.example.app."),
        ];
        return faults.Count > 0 ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }

    private static IEnumerable<string> Faults(string key, AndroidApp app)
    {
        if (!PackageName().IsMatch(app.Package ?? ""))
        {
            yield return Fault($"{key}:Package", $"\"{app.Package}\" is not an app's package name such as com.example.app.");
        }

        if (app.Fingerprints.Length == 0)
        {
            yield return Fault($"{key}:Fingerprints:0", "It is missing: the SHA-256 fingerprint of the certificate that signs the app.");
        }

        foreach (var (i, fingerprint) in app.Fingerprints.Index())
        {
            if (!Fingerprint().IsMatch(fingerprint))
            {
                yield return Fault($"{key}:Fingerprints:{i}",
                    $"\"{fingerprint}\" is not a SHA-256 fingerprint; write 32 bytes as 14:6D:E9:…, upper case, as keytool prints them.");
            }
        }
    }

    private static string Fault(string key, string fault) =>
        $"{Section}:{key} (environment variable {Section}__{key.Replace(":", "__", StringComparison.Ordinal)}): {fault}";

    [GeneratedRegex(@"\A(Android:\d+:(Package|Fingerprints:\d+)|Apple:\d+)\z", RegexOptions.IgnoreCase)]
    private static partial Regex Key();

    [GeneratedRegex(@"\A[A-Za-z]\w*(\.[A-Za-z]\w*)+\z", RegexOptions.ECMAScript)]
    private static partial Regex PackageName();

    [GeneratedRegex(@"\A[0-9A-F]{2}(:[0-9A-F]{2}){31}\z")]
    private static partial Regex Fingerprint();

    [GeneratedRegex(@"\A[0-9A-Z]{10}(\.[0-9A-Za-z-]+)+\z")]
    private static partial Regex AppleId();
}
