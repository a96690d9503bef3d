using System.Net;
using Microsoft.AspNetCore.WebUtilities;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Oidc;

/// <summary>A browser between the server and the provider, each of whose steps a test may repeat, leave out or change.</summary>
internal sealed class Visitor(TestServer server) : IDisposable
{
    private readonly HttpClient http = Calls.Client(server);

    /// <summary>The server's, by name.</summary>
    public Dictionary<string, string> Cookies { get; } = [];

    /// <summary>What the server has set last.</summary>
    public string[] SetCookies { get; private set; } = [];

    public string? Session => Cookies.GetValueOrDefault("qrlogin");

    /// <summary>Our page's button.</summary>
    public async Task<Answer> BeginAsync(string? origin = "ours")
    {
        var answer = await CallAsync(HttpMethod.Post, "/api/session/oidc", origin == "ours" ? server.PublicOrigin : origin);
        if (answer.Status == 200)
        {
            Ledger.Keep(SecretKind.State, Query(answer)["state"]);
        }

        return answer;
    }

    /// <summary>The provider's page.</summary>
    /// <returns>The address to which the provider sends the browser back.</returns>
    public async Task<Uri> GoAsync(Answer begun, Person person)
    {
        var address = new Uri(begun["location"].ToString());
        var page = await http.GetAsync(address);
        Assert.That(page.StatusCode, Is.EqualTo(HttpStatusCode.OK), await page.Content.ReadAsStringAsync());
        var form = new FormUrlEncodedContent(Query(begun).Append(KeyValuePair.Create("user", person.Username)));
        var sent = await http.PostAsync(new Uri(address, address.AbsolutePath), form);
        var back = sent.Headers.Location!;
        Assert.That(back.GetLeftPart(UriPartial.Path), Is.EqualTo($"{server.PublicOrigin}/api/session/oidc/callback"));
        Ledger.Keep(SecretKind.AuthorizationCode, QueryHelpers.ParseQuery(back.Query).GetValueOrDefault("code"));
        return back;
    }

    /// <summary>The browser is back.</summary>
    /// <returns>Where it ends.</returns>
    public async Task<string> ReturnAsync(Uri callback)
    {
        var answer = await CallAsync(HttpMethod.Get, callback.PathAndQuery, origin: null);
        Assert.That(answer.Status, Is.EqualTo(302), answer.Text);
        return answer.Header("Location")!;
    }

    /// <summary>All three.</summary>
    public async Task<string> SignInAsync(Person person) => await ReturnAsync(await GoAsync(await BeginAsync(), person));

    /// <summary>As its pages.</summary>
    public Task<Answer> WhoAmIAsync() => CallAsync(HttpMethod.Get, "/api/session", server.PublicOrigin);

    /// <summary>The request to the provider.</summary>
    public static Dictionary<string, string> Query(Answer begun) =>
        QueryHelpers.ParseQuery(new Uri(begun["location"].ToString()).Query).ToDictionary(each => each.Key, each => each.Value.ToString());

    public async Task<Answer> CallAsync(HttpMethod method, string path, string? origin)
    {
        var answer = await http.CallAsync(
            method, path, null,
            [
                .. Cookies.Count == 0 ? [] : new[] { ("Cookie", string.Join("; ", Cookies.Select(each => $"{each.Key}={each.Value}"))) },
                .. origin is null ? [] : new[] { ("Origin", origin) },
            ]);
        SetCookies = answer.Response.Headers.TryGetValues("Set-Cookie", out var set) ? [.. set] : [];
        foreach (var cookie in SetCookies)
        {
            var (name, value) = (cookie.Split('=', 2)[0], cookie.Split('=', 2)[1].Split(';')[0]);
            Cookies[name] = value;
            if (cookie.Contains("expires=Thu, 01 Jan 1970", StringComparison.Ordinal))
            {
                Cookies.Remove(name);
            }
        }

        Ledger.Keep(SecretKind.Token, Session);
        return answer;
    }

    public void Dispose() => http.Dispose();
}
