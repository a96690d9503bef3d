using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using QrLogin.Server.Connect;
using QrLogin.Server.Http;

namespace QrLogin.Server.Descriptions;

/// <summary>
/// The socket of <c>/connect</c> as AsyncAPI 3: its messages from their types, by the generator that makes the OpenAPI document's schemas,
/// what the server closes with and refuses with from where these are defined.
/// </summary>
internal static class AsyncApi
{
    private const string Name = "messages";

    private static readonly JsonSerializerOptions Readable =
        new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IServiceCollection AddMessageSchemas(this IServiceCollection services) => services.AddOpenApi(Name, options =>
    {
        options.ShouldInclude = _ => false;
        options.AddSchemaTransformer(SchemaDescription.CompleteAsync);
        options.AddDocumentTransformer(async (document, context, cancellationToken) =>
        {
            foreach (var message in Messages.All)
            {
                var schema = await context.GetOrCreateSchemaAsync(message.Example.GetType(), cancellationToken: cancellationToken);
                document.AddComponent(message.Example.GetType().Name, schema);
            }
        });
    });

    public static async Task<string> MakeAsync(IServiceProvider services)
    {
        var site = services.GetRequiredService<IOptions<SiteOptions>>().Value;
        var origin = new Uri(site.PublicOrigin);
        var document = await services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync();
        var types = JsonNode.Parse(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1))!;
        var schemas = types["components"]!["schemas"]!.DeepClone();
        foreach (var (_, example) in Messages.All)
        {
            schemas[example.GetType().Name]!["properties"]!["type"] = new JsonObject { ["const"] = example.Type };
        }

        return new JsonObject
        {
            ["asyncapi"] = "3.0.0",
            ["info"] = new JsonObject
            {
                ["title"] = "QrLogin: the PC's long connection",
                ["version"] = "1",
                ["description"] = "The server speaks, the browser listens. /openapi/v1.json describes the calls.",
            },
            ["defaultContentType"] = "application/json",
            ["servers"] = new JsonObject
            {
                ["site"] = new JsonObject
                {
                    ["host"] = origin.Authority,
                    ["protocol"] = site.IsLocal ? "ws" : "wss",
                    ["security"] = new JsonArray(Reference("#/components/securitySchemes/cookie")),
                },
            },
            ["channels"] = new JsonObject { ["connect"] = Channel(site) },
            ["operations"] = new JsonObject
            {
                ["push"] = new JsonObject
                {
                    ["action"] = "send",
                    ["channel"] = Reference("#/channels/connect"),
                    ["summary"] = "`welcome` comes first. Messages about different things may overtake each other: ignore a `qr` or "
                        + "`warning` of an attempt that `ended` has been heard of.",
                },
            },
            ["components"] = new JsonObject
            {
                ["messages"] = Named(message => new JsonObject
                {
                    ["name"] = message.Example.Type,
                    ["summary"] = message.When,
                    ["payload"] = Reference($"#/components/schemas/{message.Example.GetType().Name}"),
                    ["examples"] = new JsonArray(new JsonObject { ["payload"] = JsonNode.Parse(message.Example.ToUtf8()) }),
                }),
                ["schemas"] = schemas,
                ["securitySchemes"] = new JsonObject
                {
                    ["cookie"] = new JsonObject
                    {
                        ["type"] = "httpApiKey",
                        ["in"] = "cookie",
                        ["name"] = site.IsLocal ? "qrlogin" : "__Host-qrlogin",
                    },
                },
            },
        }.ToJsonString(Readable);
    }

    private static JsonObject Channel(SiteOptions site) => new()
    {
        ["address"] = "/connect",
        ["description"] = "WebSocket (RFC 6455), or over HTTP/2 (RFC 8441). Any data frame from the browser closes with 1008.",
        ["messages"] = Named(message => Reference($"#/components/messages/{message.Example.Type}")),
        ["bindings"] = new JsonObject
        {
            ["ws"] = new JsonObject
            {
                ["method"] = "GET",
                ["headers"] = new JsonObject
                {
                    ["type"] = "object",
                    ["required"] = new JsonArray("Origin", "Sec-WebSocket-Protocol"),
                    ["properties"] = new JsonObject
                    {
                        ["Origin"] = new JsonObject { ["enum"] = new JsonArray([site.PublicOrigin, .. site.AllowedOrigins]) },
                        ["Sec-WebSocket-Protocol"] = new JsonObject { ["const"] = ConnectEndpoint.Subprotocol },
                    },
                },
                ["bindingVersion"] = "0.1.0",
            },
        },
        ["x-subprotocol"] = ConnectEndpoint.Subprotocol,
        ["x-close-codes"] = new JsonArray([.. CloseReason.All.Select(each =>
            new JsonObject { ["code"] = (int)each.Code, ["reason"] = each.Text })]),
        ["x-handshake-refusals"] = new JsonArray([.. ConnectEndpoint.Refusals.Select(each =>
            new JsonObject { ["status"] = each.Status, ["code"] = each.Code, ["title"] = each.Title })]),
    };

    private static JsonObject Named(Func<(string When, PushMessage Example), JsonNode> make) =>
        new(Messages.All.Select(message => KeyValuePair.Create<string, JsonNode?>(message.Example.Type, make(message))));

    private static JsonObject Reference(string to) => new() { ["$ref"] = to };
}
