using Microsoft.Extensions.Configuration;
using QrLogin.Server.Http;

namespace QrLogin.Server.Tests.Oidc;

/// <summary>A wrong provider in the configuration refuses to start, and says which key and variable.</summary>
internal sealed class OidcOptionsTests
{
    private const string Secret = "q-7_Jx2vR-tY_8mK";

    [TestCase("DisplayName", "Example ID", null)]
    [TestCase("Authority", "https://id.example.com/realms/a", null)]
    [TestCase("Authority", "http://127.0.0.1:5000", null)]
    [TestCase("ReturnPath", "/account?tab=1#phones", null)]
    [TestCase("Name", "Example", "is not 1 to 32 of a-z 0-9 and -")]
    [TestCase("Name", "a/b", "is not 1 to 32 of a-z 0-9 and -")]
    [TestCase("Name", "", "is not 1 to 32 of a-z 0-9 and -")]
    [TestCase("DisplayName", " ", "cannot be shown")]
    [TestCase("Authority", "http://id.example.com", "is not an issuer")]
    [TestCase("Authority", "id.example.com", "is not an issuer")]
    [TestCase("Authority", "https://id.example.com?tenant=a", "is not an issuer")]
    [TestCase("Authority", "", "is not an issuer")]
    [TestCase("ClientId", "", "missing")]
    [TestCase("ClientSecret", "", "missing")]
    [TestCase("Scopes", "profile", "has no openid")]
    [TestCase("ReturnPath", "https://evil.example/", "is not a path of this site")]
    [TestCase("ReturnPath", "//evil.example/", "is not a path of this site")]
    [TestCase("ReturnPath", "/\\evil.example/", "is not a path of this site")]
    [TestCase("ReturnPath", "/a\nb", "is not a path of this site")]
    [TestCase("Secret", "x", "there is no such key; there are Name,")]
    public void Each_value_is_checked(string key, string value, string? fault)
    {
        var message = FaultOf(new()
        {
            ["Name"] = "example",
            ["Authority"] = "https://id.example.com",
            ["ClientId"] = "qrlogin",
            ["ClientSecret"] = Secret,
            [key] = value,
        });
        Assert.That(message, fault is null ? Is.Null
            : Does.StartWith($"Oidc:{key} (environment variable Oidc__{key}): ").And.Contain(fault).And.Not.Contain(Secret));
    }

    [TestCase("Oidc__Scopes")]
    [TestCase("Oidc__ClientSecret")]
    public void One_value_alone_asks_for_the_others(string variable)
    {
        var message = FaultOf(new() { [variable["Oidc__".Length..]] = "openid" });
        Assert.That(message, Does.Contain("Oidc__Name").And.Contain("Oidc__Authority").And.Contain("Oidc__ClientId"));
    }

    [Test]
    public void Without_any_value_there_is_no_provider()
    {
        Assert.That(FaultOf([]), Is.Null);
        Assert.That(FaultOf(new() { ["Name"] = "", ["Authority"] = "" }), Is.Null, "a compose file's empty variables");
        Assert.That(new OidcOptions { Name = "" }.IsConfigured, Is.False);
    }

    private static string? FaultOf(Dictionary<string, string?> values)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(values.ToDictionary(each => $"{OidcOptions.Section}:{each.Key}", each => each.Value)).Build();
        var options = new OidcOptions();
        configuration.GetSection(OidcOptions.Section).Bind(options);
        return new OidcOptionsCheck(configuration).Validate(null, options).FailureMessage;
    }
}
