using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using QrLogin.Server.Http;

namespace QrLogin.Server.Descriptions;

/// <summary>One call: what the framework does not read out of its types is read out of its metadata.</summary>
internal static class OperationDescription
{
    private const string ProblemJson = "application/problem+json";

    public static Task CompleteAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var isRead = context.Description.HttpMethod is "GET" or "HEAD";
        operation.Summary = metadata.OfType<IEndpointSummaryMetadata>().LastOrDefault()?.Summary;
        operation.Tags = new HashSet<OpenApiTagReference> { new(Tag(metadata), context.Document) };
        operation.OperationId = Id(metadata, context.Description.HttpMethod);
        operation.Responses ??= [];
        Secure(operation, metadata, context.Document!);
        AddPathParameters(operation, metadata);
        if (Refusals(metadata, isRead).Contains(Problem.OriginNotAllowed))
        {
            operation.Description = "A browser's page calls it: `Origin` has to be this server's own or an allowed one.";
        }

        AddExamples(operation, metadata, context.ApplicationServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions);
        foreach (var sameStatus in Refusals(metadata, isRead).Distinct().OrderBy(each => each.Status).GroupBy(each => each.Status))
        {
            operation.Responses[$"{sameStatus.Key}"] =
                Refused([.. sameStatus], $"/{context.Description.RelativePath}", metadata, context.Document!);
        }

        foreach (var header in metadata.OfType<AnswerHeader>())
        {
            AddHeader(operation.Responses[$"{header.Status}"], header.Name, header.Meaning, header.Always);
        }

        if (context.Description.HttpMethod == "HEAD")
        {
            foreach (var response in operation.Responses.Values)
            {
                response.Content?.Clear();
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>All that it may refuse with: what it says itself, and what its body and its session bring.</summary>
    private static IEnumerable<Problem> Refusals(IList<object> metadata, bool isRead) =>
    [
        .. metadata.OfType<Problem>(),
        .. metadata.OfType<IAcceptsMetadata>().Any()
            ? [Problem.InvalidRequest, Problem.RequestTimeout, Problem.UnsupportedMediaType] : Array.Empty<Problem>(),
        .. !isRead && metadata.OfType<SecuredBy>().Any(each => each.Schemes.Contains("cookie"))
            ? [Problem.OriginNotAllowed] : Array.Empty<Problem>(),
        Problem.BodyTooLarge, // also where none is read
        Problem.InternalError,
    ];

    private static OpenApiResponse Refused(Problem[] problems, string path, IList<object> metadata, OpenApiDocument document)
    {
        var response = new OpenApiResponse
        {
            Description = string.Join(' ', problems.Select(each => $"`{each.Code}`: {each.Title}")),
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [ProblemJson] = new()
                {
                    Schema = new OpenApiSchemaReference(OpenApi.ProblemSchema, document),
                    Examples = problems.ToDictionary(each => each.Code, IOpenApiExample (each) => new OpenApiExample
                    {
                        Summary = each.Title,
                        Value = JsonSerializer.SerializeToNode(each.At(path), JsonSerializerOptions.Web),
                    }),
                },
            },
        };
        if (problems[0].Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            AddHeader(response, "Retry-After", "How many seconds to wait.", isAlways: true, JsonSchemaType.Integer);
        }

        if (problems[0].Status == StatusCodes.Status401Unauthorized && metadata.OfType<IAuthorizeData>().Any())
        {
            AddHeader(response, "WWW-Authenticate", "The scheme that is wanted (RFC 9110 §11.6.1).", isAlways: true);
        }

        return response;
    }

    private static void Secure(OpenApiOperation operation, IList<object> metadata, OpenApiDocument document) =>
        operation.Security = metadata.OfType<SecuredBy>().LastOrDefault() is not { } secured ? []
            : [.. secured.Schemes.Select(scheme =>
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, document)] = [] })];

    private static void AddPathParameters(OpenApiOperation operation, IList<object> metadata)
    {
        foreach (var parameter in metadata.OfType<PathParameter>())
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = parameter.Name,
                In = ParameterLocation.Path,
                Required = true,
                Description = parameter.Meaning,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = parameter.Pattern },
            });
        }
    }

    private static void AddExamples(OpenApiOperation operation, IList<object> metadata, JsonSerializerOptions json)
    {
        var withoutNulls = new JsonSerializerOptions(json) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
        var taken = metadata.OfType<IAcceptsMetadata>().LastOrDefault()?.RequestType;
        foreach (var (index, value) in metadata.OfType<Example>().Select(each => each.Value).Index())
        {
            var places = value.GetType() == taken
                ? operation.RequestBody!.Content!.Values
                : operation.Responses!.Where(each => each.Key[0] == '2').SelectMany(each => each.Value.Content?.Values ?? []);
            foreach (var place in places)
            {
                place.Examples ??= new Dictionary<string, IOpenApiExample>();
                place.Examples[$"{place.Examples.Count + 1}"] = new OpenApiExample
                {
                    Value = JsonSerializer.SerializeToNode(value, value.GetType() == taken ? withoutNulls : json),
                };
            }
        }
    }

    private static void AddHeader(
        IOpenApiResponse response, string name, string meaning, bool isAlways, JsonSchemaType type = JsonSchemaType.String)
    {
        var answer = (OpenApiResponse)response;
        answer.Headers ??= new Dictionary<string, IOpenApiHeader>();
        answer.Headers[name] = new OpenApiHeader { Description = meaning, Required = isAlways, Schema = new OpenApiSchema { Type = type } };
    }

    /// <summary>The step of the flow, which is the handler's folder.</summary>
    private static string Tag(IList<object> metadata)
    {
        var place = metadata.OfType<MethodInfo>().LastOrDefault()?.DeclaringType?.Namespace?.Split('.') ?? [];
        return place is ["QrLogin", "Server", var folder] ? folder : "Http";
    }

    /// <summary>The handler's name, as clients call the method that they generate.</summary>
    private static string? Id(IList<object> metadata, string? method)
    {
        var name = metadata.OfType<IEndpointNameMetadata>().LastOrDefault()?.EndpointName
            ?? metadata.OfType<MethodInfo>().LastOrDefault()?.Name;
        return name is null || name.Contains('<', StringComparison.Ordinal) ? null
            : method == "HEAD" ? $"head{name}" : JsonNamingPolicy.CamelCase.ConvertName(name);
    }
}
