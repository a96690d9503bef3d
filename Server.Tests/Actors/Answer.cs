using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Descriptions;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Actors;

/// <summary>What the server answered to one call: status, JSON and headers.</summary>
internal sealed record Answer(int Status, string Text, HttpResponseMessage Response)
{
    public JsonNode Body => JsonNode.Parse(Text)!;

    public string? Code => Text.Length > 0 ? Body["code"]?.ToString() : null;

    /// <summary>Status and code, as in <c>410 declined</c>.</summary>
    public string Word() => $"{Status} {Code}".TrimEnd();

    public JsonNode this[string member] => Body[member] ?? throw new KeyNotFoundException($"No \"{member}\" in {Status} {Text}");

    public string? Header(string name) =>
        Response.Headers.TryGetValues(name, out var values) || Response.Content.Headers.TryGetValues(name, out values)
            ? string.Join(", ", values) : null;
}

internal static class Calls
{
    /// <summary>A client that keeps no cookies and follows no redirects.</summary>
    /// <param name="from">Its address, one of loopback; 127.0.0.1 without.</param>
    public static HttpClient Client(IRunningServer server, string? from = null) => new(new SocketsHttpHandler
    {
        UseCookies = false,
        SslOptions = { RemoteCertificateValidationCallback = Trusted(server) },
        AllowAutoRedirect = false,
        ConnectCallback = from is null ? null : async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = server.Address };

    /// <summary>The certificate that the server is known by, and no other; without one, what is commonly trusted.</summary>
    public static RemoteCertificateValidationCallback? Trusted(IRunningServer server) => server.Certificate is not { } known ? null
        : (_, shown, _, _) => shown?.GetCertHashString() == known.GetCertHashString();

    public static async Task<Answer> CallAsync(
        this HttpClient http, HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body as HttpContent ?? (body is null ? null : JsonContent.Create(body)),
        };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var from = $"{method} {path.Split('?')[0]} {(int)response.StatusCode}";
        Ledger.Hear(from, $"{response.Headers}{response.Content.Headers}\n{text}");
        var answer = new Answer((int)response.StatusCode, text, response);
        if (answer.Header("Content-Security-Policy") is not null) // else it is a proxy's own, or that of a site beside QrLogin
        {
            Described.Hear($"{method}", path, answer);
        }

        return answer;
    }
}
