using System.Buffers.Text;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace QrLogin.Load;

/// <summary>Phones that sign in one after another: identify, read the code off the page, redeem.</summary>
internal sealed class Logins(Uri server, Pages pages, int accounts)
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private int next;

    /// <summary>Runs so many phones at a time.</summary>
    /// <returns>Whole logins, and the seconds they took.</returns>
    public async Task<(int Count, double Seconds)> RunAsync(int clients, TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            using var http = new HttpClient { BaseAddress = server };
            var count = 0;
            for (; clock.Elapsed < duration; count++)
            {
                await LogInAsync(http, Interlocked.Increment(ref next) % accounts);
            }

            return count;
        })));
        return (counts.Sum(), clock.Elapsed.TotalSeconds);
    }

    private async Task LogInAsync(HttpClient http, int i)
    {
        const string device = """{"name":"Bench","platform":"Linux"}""";
        var verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));
        var identifiers = $$"""[{"kind":"phone","value":"{{Population.Phone(i)}}"}]""";
        await PostAsync(http, "/api/login/identify", 202, $$"""
            {"device":{{device}},"identifiers":{{identifiers}},"codeChallenge":"{{challenge}}","codeChallengeMethod":"S256"}
            """);
        var ticket = await pages.TicketAsync(i);
        await PostAsync(http, "/api/login/redeem", 200, $$"""
            {"ticket":"{{ticket}}","codeVerifier":"{{verifier}}","identifiers":{{identifiers}} }
            """);
    }

    private static async Task PostAsync(HttpClient http, string path, int expected, string body)
    {
        using var content = new StringContent(body, Json);
        using var answer = await http.PostAsync(path, content);
        if ((int)answer.StatusCode != expected)
        {
            throw new InvalidOperationException($"{path} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
    }
}
