using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Json.Schema;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Descriptions;

/// <summary>
/// What the server says of itself, held against all that the actors hear: an answer or a message that is not described fails the test
/// that heard it. Any thread may.
/// </summary>
internal static class Described
{
    private static readonly string[] Telling = ["Retry-After", "WWW-Authenticate", "Set-Cookie", "Location"];
    private static readonly ConcurrentDictionary<string, byte> All = new();
    private static readonly ConcurrentDictionary<string, byte> Fixtures = new();
    private static readonly ConcurrentDictionary<string, JsonSchema> Schemas = new();
    private static List<(Regex Path, string Template, JsonObject Calls)> paths = [];

    public static JsonNode OpenApi { get; private set; } = null!;

    public static JsonNode AsyncApi { get; private set; } = null!;

    /// <summary>What is described.</summary>
    public static IReadOnlyList<RouteEndpoint> Endpoints { get; private set; } = [];

    /// <summary>Each as <c>POST /api/session 401 invalid_credentials</c>, <c>socket qr</c> or <c>close 4401</c>.</summary>
    public static ICollection<string> Heard => All.Keys;

    /// <summary>Fixtures whose tests have heard something.</summary>
    public static ICollection<string> Listeners => Fixtures.Keys;

    /// <summary>All that may be heard, in the same words.</summary>
    public static IEnumerable<string> Sayable =>
    [
        .. from path in paths
           from call in path.Calls
           from answer in call.Value!["responses"]!.AsObject()
           from code in call.Key == "head" ? [""] : Codes(answer.Value!) ?? [""]
           select $"{call.Key.ToUpperInvariant()} {path.Template} {answer.Key} {code}".TrimEnd(),
        .. AsyncApi["channels"]!["connect"]!["messages"]!.AsObject().Select(message => $"socket {message.Key}"),
        .. CloseCodes.Select(code => $"close {code}"),
    ];

    private static IEnumerable<int> CloseCodes =>
        AsyncApi["channels"]!["connect"]!["x-close-codes"]!.AsArray().Select(each => (int)each!["code"]!).Distinct();

    /// <summary>Of a server that has every call, those of an OpenID Connect provider too.</summary>
    public static async Task ReadAsync(string database)
    {
        await using var server = new TestServer(database, new()
        {
            ["Oidc:Name"] = "example",
            ["Oidc:Authority"] = "https://id.example.com",
            ["Oidc:ClientId"] = "qrlogin",
            ["Oidc:ClientSecret"] = "unused",
        });
        Endpoints =
        [
            .. server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                .Where(each => each.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null), // the page of Development
        ];
        using var http = new HttpClient { BaseAddress = server.Address };
        OpenApi = JsonNode.Parse(await http.GetStringAsync("/openapi/v1.json"))!;
        AsyncApi = JsonNode.Parse(await http.GetStringAsync("/asyncapi/v1.json"))!;
        paths =
        [
            .. from path in OpenApi["paths"]!.AsObject()
               let isUuid = path.Value!.ToJsonString().Contains("\"format\":\"uuid\"", StringComparison.Ordinal)
               let part = isUuid ? "[0-9a-fA-F-]{36}" : "[^/]+"
               let pattern = $"^{Regex.Replace(Regex.Escape(path.Key), @"\\{\w+}", part)}$"
               select (new Regex(pattern), path.Key, path.Value!.AsObject()),
        ];
    }

    public static void Hear(string method, string target, Answer answer)
    {
        if (answer.Header("Content-Security-Policy") is null)
        {
            return; // a proxy's own, or the site's beside us: all of ours have it
        }

        var type = answer.Response.Content.Headers.ContentType?.MediaType;
        if (type == "application/problem+json" && answer.Text.Length > 0)
        {
            Validate(OpenApi, "Problem", answer.Text, $"{method} {target}");
        }

        if (Hear(method, target, answer.Status, type == "application/problem+json" ? answer.Code : null) is not { } described)
        {
            return;
        }

        var what = $"{method} {target} {answer.Status}";
        var content = described["content"]?.AsObject();
        if (answer.Text.Length > 0)
        {
            Assert.That(content?.Select(each => each.Key), Has.Member(type), what);
            if (type == "application/json" && content![type]!["schema"]!["$ref"]?.ToString() is { } reference)
            {
                Validate(OpenApi, reference.Split('/')[^1], answer.Text, what);
            }
        }

        var headers = described["headers"]?.AsObject() ?? [];
        var needed = headers.Where(each => (bool?)each.Value!["required"] == true).Select(each => each.Key);
        Assert.That(needed.Where(each => answer.Header(each) is null), Is.Empty, $"headers that {what} lacks");
        Assert.That(
            Telling.Where(each => answer.Header(each) is not null && !headers.ContainsKey(each)), Is.Empty, $"undescribed in {what}");
    }

    /// <returns>The description of this answer; null where it is none of a call: another method, another address.</returns>
    public static JsonNode? Hear(string method, string target, int status, string? code)
    {
        var path = target.Split('?', '#')[0];
        if (paths.Find(each => each.Path.IsMatch(path)) is not (_, { } template, var calls)
            || calls[method == "CONNECT" ? "get" : method.ToLowerInvariant()] is not { } call)
        {
            return null;
        }

        if (code is null && status is 400 or 505)
        {
            return null; // no HTTP: the web server itself refuses it
        }

        if (code == "not_found" && template.StartsWith("/api/session/oidc", StringComparison.Ordinal))
        {
            return null; // a server without a provider has no such call
        }

        var what = $"{(method == "CONNECT" ? "GET" : method)} {template} {status}";
        var answer = call["responses"]![$"{status}"];
        Assert.That(answer, Is.Not.Null, $"{what} {code} is not described.");
        if (code is not null)
        {
            Assert.That(Codes(answer!), Has.Member(code), $"{what} is described without this code.");
        }

        Keep($"{what} {code}".TrimEnd());
        return answer;
    }

    public static void Hear(JsonNode message)
    {
        var type = message["type"]!.ToString();
        var payload = AsyncApi["components"]!["messages"]![type]?["payload"]!["$ref"]!.ToString();
        Assert.That(payload, Is.Not.Null, $"The message {type} is not described.");
        Validate(AsyncApi, payload!.Split('/')[^1], message.ToJsonString(), $"message {type}");
        Keep($"socket {type}");
    }

    public static void HearClose(int code)
    {
        Assert.That(CloseCodes, Has.Member(code), "close codes that are described");
        Keep($"close {code}");
    }

    /// <summary>Holds JSON against a schema of a document's components.</summary>
    public static void Validate(JsonNode document, string name, string json, string what)
    {
        var schema = Schemas.GetOrAdd(name, _ => JsonSchema.FromText(new JsonObject
        {
            ["$ref"] = $"#/$defs/{name}",
            ["$defs"] = document["components"]!["schemas"]!.DeepClone(),
        }.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal)));
        using var instance = JsonDocument.Parse(json);
        var result = schema.Evaluate(instance.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.That(result.IsValid, $"{what}: {JsonSerializer.Serialize(result)}\n{json}");
    }

    private static void Keep(string words)
    {
        All.TryAdd(words, 0);
        Fixtures.TryAdd(TestContext.CurrentContext.Test.ClassName ?? "", 0);
    }

    /// <returns>Null where it is no refusal.</returns>
    private static IEnumerable<string>? Codes(JsonNode answer) =>
        answer["content"]?["application/problem+json"]?["examples"]?.AsObject().Select(each => each.Key);
}
