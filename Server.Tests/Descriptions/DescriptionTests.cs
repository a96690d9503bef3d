using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Descriptions;

/// <summary>The two documents by themselves: complete, and valid.</summary>
internal sealed class DescriptionTests
{
    [Test]
    public void Every_endpoint_is_fully_described()
    {
        Assert.That(Described.Endpoints, Has.Count.GreaterThan(25));
        foreach (var endpoint in Described.Endpoints)
        {
            var methods = endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods;
            var path = Regex.Replace(endpoint.RoutePattern.RawText!, @"\{(\w+)[^}]*}", "{$1}");
            foreach (var method in methods.Where(each => each != "CONNECT"))
            {
                var call = Described.OpenApi["paths"]![path]?[method.ToLowerInvariant()];
                Assert.That(call, Is.Not.Null, $"{method} {path} is not described: .Describe(\"…\") it.");
                var isSecured = endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null;
                Assert.That(Faults(call!, method, isSecured), Is.Empty, $"{method} {path}");
            }
        }
    }

    [Test]
    public void Every_operation_has_a_name_of_its_own() =>
        Assert.That(Calls().Select(call => call["operationId"]!.ToString()), Is.Unique);

    [TestCase("IdentifyRequest", "identifiers", "minItems", 1)]
    [TestCase("RedeemRequest", "identifiers", "maxItems", 8)]
    [TestCase("OpenSessionRequest", "identifiers", "maxItems", 8)]
    [TestCase("SignInRequest", "password", "maxLength", 72)]
    public void What_the_server_bounds_is_bounded_in_the_schema(string type, string member, string bound, int value) =>
        Assert.That((int?)Described.OpenApi["components"]!["schemas"]![type]!["properties"]![member]![bound], Is.EqualTo(value));

    [Test]
    public void Every_example_is_what_its_schema_says()
    {
        var count = 0;
        foreach (var content in Calls().SelectMany(call => call["responses"]!.AsObject().Select(each => each.Value!["content"])
            .Append(call["requestBody"]?["content"])).OfType<JsonObject>().SelectMany(each => each))
        {
            foreach (var (name, example) in content.Value!["examples"]?.AsObject() ?? [])
            {
                var schema = content.Value["schema"]!["$ref"]!.ToString().Split('/')[^1];
                Described.Validate(Described.OpenApi, schema, example!["value"]!.ToJsonString(), $"example {name} of {schema}");
                count++;
            }
        }

        Assert.That(count, Is.GreaterThan(50));
        foreach (var (name, message) in Described.AsyncApi["components"]!["messages"]!.AsObject())
        {
            Assert.That(message!["summary"]!.ToString(), Does.EndWith("."), name);
            var type = message["payload"]!["$ref"]!.ToString().Split('/')[^1];
            Described.Validate(Described.AsyncApi, type, message["examples"]![0]!["payload"]!.ToJsonString(), $"example of {name}");
        }
    }

    [Test]
    public void Microsofts_reader_finds_no_fault_in_the_OpenAPI_document()
    {
        var read = OpenApiDocument.Parse(Described.OpenApi.ToJsonString(), "json");
        Assert.That(read.Diagnostic!.Errors.Select(each => $"{each.Pointer}: {each.Message}"), Is.Empty);
        Assert.That(read.Diagnostic.SpecificationVersion, Is.EqualTo(OpenApiSpecVersion.OpenApi3_1));
        Assert.That(read.Document!.Paths, Has.Count.GreaterThan(15));
    }

    [Test]
    public async Task Both_documents_are_valid_to_the_letter_of_their_standards()
    {
        var folder = Path.Combine(TestDatabase.Root, "Server.Tests", "Descriptions");
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, new JsonObject
            {
                ["openapi"] = Described.OpenApi.DeepClone(),
                ["asyncapi"] = Described.AsyncApi.DeepClone(),
            }.ToJsonString());
            await Tool.FetchPackagesAsync(folder);
            await Tool.RunAsync("node", ["check.mjs", file], folder);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static IEnumerable<string> Faults(JsonNode call, string method, bool isSecured)
    {
        if (call["summary"]?.ToString() is not { } summary || !summary.EndsWith('.'))
        {
            yield return "no summary: .Describe(\"One sentence.\")";
        }

        if (call["operationId"] is null)
        {
            yield return "no name: .WithName(\"…\"), or a handler that is a method";
        }

        if (call["requestBody"] is { } body && !HasExample(body))
        {
            yield return "no example of its request: .Examples(…)";
        }

        if (isSecured && (call["security"]?.AsArray().Count is null or 0 || call["responses"]!["401"]?["headers"] is null))
        {
            yield return "it needs authorization and says not how: .SecuredBy(…)";
        }

        var answers = call["responses"]!.AsObject();
        if (!answers.Any(each => each.Key[0] is '1' or '2' or '3'))
        {
            yield return "no success: a handler with Results<…>, or .Answers(200, …)";
        }

        foreach (var (status, answer) in answers.Where(each => method != "HEAD" && each.Value!["content"] is not null))
        {
            var isTyped = answer!["content"]!.AsObject().Any(each =>
                each.Key.EndsWith("json", StringComparison.Ordinal) && each.Value!["schema"]?["$ref"] is not null);
            if (isTyped && !HasExample(answer))
            {
                yield return $"no example of its {status}: .Examples(…)";
            }
        }
    }

    private static bool HasExample(JsonNode body) =>
        body["content"]!.AsObject().All(each => each.Value!["examples"]?.AsObject().Count > 0);

    private static IEnumerable<JsonNode> Calls() =>
        Described.OpenApi["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()).Select(call => call.Value!);
}
