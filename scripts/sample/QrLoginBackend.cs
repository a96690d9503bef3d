using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace QrLogin.Sample;

/// <summary>The shop as a client of QrLogin (its PROTOCOL.md, section 3).</summary>
internal sealed class QrLoginBackend
{
    private readonly HttpClient http;
    private readonly string name;

    public QrLoginBackend(HttpClient http, IConfiguration configuration)
    {
        (this.http, name) = (http, configuration["QrLogin:Client"]!);
        http.BaseAddress = new Uri(configuration["QrLogin:Address"]!); // inside, past the proxy
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{name}:{configuration["QrLogin:Secret"]}")));
    }

    public string UsernameOf(User user) => $"{name}/{user.Id}";

    /// <summary>The user has signed in here: a code for the page, with which it gets its session there.</summary>
    public async Task<string> OpenSessionAsync(User user)
    {
        using var answer = await http.PostAsJsonAsync("/api/backend/sessions", new
        {
            account = new { externalId = user.Id, displayName = user.Name },
            identifiers = new[] { new { kind = "phone", value = user.Phone } },
        });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!["code"]!.ToString();
    }

    /// <summary>The user has signed out here: the PCs are signed out there too, and their pages told. The phones stay.</summary>
    public async Task SignOutAsync(string userId)
    {
        using var answer = await http.DeleteAsync($"/api/backend/accounts/{Uri.EscapeDataString(userId)}/sessions?kind=web");
        if (answer.StatusCode != System.Net.HttpStatusCode.NotFound) // who never was there
        {
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Whose token it is (RFC 7662).</summary>
    /// <returns>The shop's id of the user; null where it is no living token, or nobody's here.</returns>
    public async Task<string?> IntrospectAsync(string token)
    {
        using var answer = await http.PostAsync("/oauth/introspect", new FormUrlEncodedContent([KeyValuePair.Create("token", token)]));
        answer.EnsureSuccessStatusCode();
        var found = (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
        return found["active"]!.GetValue<bool>() ? found["external_id"]?.ToString() : null;
    }
}
