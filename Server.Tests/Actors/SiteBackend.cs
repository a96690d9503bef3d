using System.Text;
using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Actors;

/// <summary>The backend of a site that has a sign-in of its own: a client, with its secret.</summary>
internal sealed class SiteBackend(IRunningServer server, string name, string secret) : IDisposable
{
    private readonly HttpClient http = Calls.Client(server);

    public string Name => name;

    public string Secret
    {
        get => Ledger.Keep(SecretKind.ClientSecret, field)!;
        set;
    } = secret;

    public string Authorization => $"Basic {Ledger.Keep(SecretKind.ClientSecret, Base64($"{name}:{Secret}"))}";

    /// <summary>A new client that may do this, or everything.</summary>
    public static async Task<SiteBackend> NewAsync(IRunningServer server, params string[] scopes)
    {
        var name = $"site-{Guid.NewGuid():N}"[..20];
        string[] all = ["sessions", "bindings", "introspect", "revoke"];
        return new SiteBackend(server, name, await World.Admin.QueryAsync<string>(
            "select admin.create_client(@name, @scopes)", new { name, scopes = scopes.Length > 0 ? scopes : all }));
    }

    public static string NewUserId() => $"u{Guid.NewGuid():N}";

    public Task<Answer> CallAsync(HttpMethod method, string path, object? body = null) =>
        http.CallAsync(method, path, body, ("Authorization", Authorization));

    /// <summary>Its user has signed in at the site.</summary>
    public Task<Answer> OpenAsync(string externalId, string displayName = "Alice", params Phone[] phones) =>
        CallAsync(HttpMethod.Post, "/api/backend/sessions", new
        {
            account = new { externalId, displayName },
            identifiers = phones.Length == 0 ? null
                : phones.SelectMany(phone => phone.Identifiers).Select(each => new { kind = each.Kind, value = each.Value }),
        });

    /// <summary>The same, and what its page hands over.</summary>
    public async Task<string> CodeAsync(string externalId, params Phone[] phones)
    {
        var answer = await OpenAsync(externalId, "Alice", phones);
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That(answer["conflicts"].AsArray(), Is.Empty);
        return Ledger.Keep(SecretKind.Handoff, answer["code"].ToString())!;
    }

    /// <summary>The same in the user's browser, on a page that is connected.</summary>
    public async Task<Browser> BrowserAsync(string externalId, params Phone[] phones)
    {
        var browser = new Browser(server);
        var answer = await browser.HandOverAsync(await CodeAsync(externalId, phones));
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        await browser.OpenPageAsync();
        return browser;
    }

    public Task<Answer> OfAsync(string externalId, HttpMethod method, string what, object? body = null) =>
        CallAsync(method, $"/api/backend/accounts/{Uri.EscapeDataString(externalId)}{what}", body);

    public static JsonObject Identifier(Phone phone) => new() { ["kind"] = "phone", ["value"] = phone.Number };

    public void Dispose() => http.Dispose();

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
