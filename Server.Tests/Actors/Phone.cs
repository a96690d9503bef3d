using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Actors;

/// <summary>A phone with its app: its identifiers, its verifier, and after a redeem its token.</summary>
internal sealed class Phone : IDisposable
{
    private HttpClient http;

    public Phone(IRunningServer server, params (string Kind, string Value)[] identifiers)
    {
        http = Calls.Client(server);
        Identifiers = identifiers.Length > 0 ? identifiers : [("phone", NewNumber())];
        Verifier = NewVerifier();
    }

    public (string Kind, string Value)[] Identifiers
    {
        get;
        set
        {
            field = value;
            Array.ForEach(value, each => Ledger.Keep(SecretKind.Identifier, each.Value));
        }
    }

    /// <summary>Its number, where that is what it has.</summary>
    public string Number => Identifiers.Single(each => each.Kind == "phone").Value;

    public string Verifier { get; set => field = Ledger.Keep(SecretKind.Verifier, value)!; }

    public string Challenge => Base64Url(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    /// <summary>It calls from another address of loopback from now on.</summary>
    public Phone At(IRunningServer server, string address)
    {
        http.Dispose();
        http = Calls.Client(server, address);
        return this;
    }

    /// <summary>Its attempt, as identify answered it last.</summary>
    public string? AttemptId { get; set; }

    public string? Token { get; set => field = Ledger.Keep(SecretKind.Token, value); }

    /// <summary>What it calls itself.</summary>
    public object? Device { get; set; } = new { name = "Pixel 10", platform = "Android 17" };

    public static string NewNumber() => $"+999{RandomNumberGenerator.GetString("0123456789", 12)}";

    public static string NewInstallId() => Random();

    public static string NewVerifier() => Random();

    public async Task<Answer> IdentifyAsync()
    {
        var answer = await CallAsync(HttpMethod.Post, "/api/login/identify", new
        {
            identifiers = Wire(),
            codeChallenge = Challenge,
            codeChallengeMethod = "S256",
            device = Device,
        });
        if (answer.Status == 202)
        {
            AttemptId = answer["attemptId"].ToString();
        }

        return answer;
    }

    /// <summary>Points its camera at what the page shows.</summary>
    public Task<Answer> ScanAsync(JsonNode qr) => RedeemAsync(QrReader.TicketOf(qr));

    public Task<Answer> RedeemAsync(string ticket) =>
        PostRedeemAsync(new { ticket = Ledger.Keep(SecretKind.Ticket, ticket), codeVerifier = Verifier, identifiers = Wire() });

    /// <summary>Its user types what the page shows.</summary>
    public Task<Answer> TypeAsync(JsonNode qr) => RedeemTypedAsync(qr["typedCode"]!.ToString());

    public Task<Answer> RedeemTypedAsync(string typedCode)
    {
        Ledger.Keep(SecretKind.TypedCode, typedCode);
        return PostRedeemAsync(new { attemptId = AttemptId, typedCode, codeVerifier = Verifier, identifiers = Wire() });
    }

    /// <summary>How does its attempt stand?</summary>
    public Task<Answer> StatusAsync() =>
        CallAsync(HttpMethod.Post, $"/api/login/{AttemptId}/status", new { codeVerifier = Verifier });

    public Task<Answer> WhoAmIAsync() => CallAsync(HttpMethod.Get, "/api/session");

    public Task<Answer> SignOutAsync() => CallAsync(HttpMethod.Delete, "/api/session");

    public Task<Answer> CallAsync(HttpMethod method, string path, object? body = null) =>
        http.CallAsync(method, path, body, Token is null ? [] : [("Authorization", $"Bearer {Token}")]);

    public void Dispose() => http.Dispose();

    private async Task<Answer> PostRedeemAsync(object body)
    {
        var answer = await CallAsync(HttpMethod.Post, "/api/login/redeem", body);
        if (answer.Status == 200)
        {
            Token = answer["accessToken"].ToString();
        }

        return answer;
    }

    private object[] Wire() => [.. Identifiers.Select(each => new { kind = each.Kind, value = each.Value })];

    private static string Random() => Base64Url(RandomNumberGenerator.GetBytes(32));

    private static string Base64Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
