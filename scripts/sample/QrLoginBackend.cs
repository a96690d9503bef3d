using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;

namespace QrLogin.Sample;

/// <summary>The shop as a client of QrLogin (its PROTOCOL.md, section 3).</summary>
internal sealed class QrLoginBackend
{
    private readonly HttpClient http;
    private readonly string name;
    private readonly ILogger<QrLoginBackend> logger;

    public QrLoginBackend(HttpClient http, IOptions<QrLoginOptions> options, ILogger<QrLoginBackend> logger)
    {
        (this.http, name, this.logger) = (http, options.Value.Client, logger);
        http.BaseAddress = options.Value.Address;
        http.Timeout = TimeSpan.FromSeconds(5); // it answers within 3 s
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{name}:{options.Value.Secret}")));
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
        var opened = (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
        foreach (var conflict in opened["conflicts"]!.AsArray())
        {
            logger.LogWarning("The number of user {User} opens no code: {Why}", user.Id, conflict!["code"]);
        }

        return opened["code"]!.ToString();
    }

    /// <summary>The user has signed out here: the PCs are signed out there too, and their pages told. The phones stay.</summary>
    public async Task SignOutAsync(string userId)
    {
        using var answer = await http.DeleteAsync($"/api/backend/accounts/{Uri.EscapeDataString(userId)}/sessions?kind=web");
        if (answer.StatusCode != HttpStatusCode.NotFound) // who never was there
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

/// <summary>Where QrLogin is, and who the shop is to it.</summary>
internal sealed class QrLoginOptions
{
    /// <summary>Inside, past the proxy.</summary>
    [Required]
    public Uri Address { get; init; } = null!;

    /// <summary>The name that <c>admin.create_client</c> was given.</summary>
    [Required]
    public string Client { get; init; } = null!;

    /// <summary>What it answered.</summary>
    [Required]
    public string Secret { get; init; } = null!;
}
