using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using QrLogin.Server.Http;

namespace QrLogin.Server.Descriptions;

/// <summary>The HTTP calls as OpenAPI 3.1, made of their mappings and types once, when it is asked for first.</summary>
internal static class OpenApi
{
    public const string Name = "v1";
    public const string ProblemSchema = "Problem";

    public static IServiceCollection AddOpenApiDocument(this IServiceCollection services) => services.AddOpenApi(Name, options =>
    {
        options.AddDocumentTransformer(Begin);
        options.AddOperationTransformer(OperationDescription.CompleteAsync);
        options.AddSchemaTransformer(SchemaDescription.CompleteAsync);
    });

    /// <summary>What stands once for all calls.</summary>
    private static Task Begin(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        var site = context.ApplicationServices.GetRequiredService<IOptions<SiteOptions>>().Value;
        document.Info = new OpenApiInfo
        {
            Title = "QrLogin",
            Version = "1",
            Description = "Signs a phone in with a QR code on a computer that is signed in. Server/PROTOCOL.md is the contract; "
                + "/asyncapi/v1.json describes the messages of /connect. Errors are RFC 9457 problems with a stable `code`: the "
                + "examples of an answer are named by the codes that it can have. A method that an address does not take is 405 "
                + "`method_not_allowed` with `Allow`, an address that is unknown 404 `not_found`. Every answer has `Cache-Control`, "
                + "`Content-Security-Policy`, `X-Content-Type-Options`, `Referrer-Policy`, `Permissions-Policy`, "
                + "`Cross-Origin-Opener-Policy`, `Cross-Origin-Resource-Policy` and, by https, `Strict-Transport-Security`. What has "
                + "an `ETag` is asked for again with `If-None-Match`.",
        };
        document.Servers = [new OpenApiServer { Url = site.PublicOrigin }];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["cookie"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = site.IsLocal ? "qrlogin" : "__Host-qrlogin",
                Description = "The PC's session. A change also needs an allowed `Origin`, which browsers send by themselves.",
            },
            ["bearer"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "The phone's session (RFC 6750 §2.1). Where it is present, the cookie is ignored.",
            },
            ["client"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "basic",
                Description = "A program of the site: the name and the secret of a client that has the call's scope (RFC 7617).",
            },
        };
        document.Tags = document.Paths.Values.SelectMany(path => path.Operations!.Values).SelectMany(operation => operation.Tags!)
            .Select(tag => tag.Reference.Id).Distinct()
            .OrderBy(tag => tag is "Http" or "Descriptions") // a reader wants the flow first
            .Select(tag => new OpenApiTag { Name = tag }).ToHashSet();
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        document.Components.Schemas[ProblemSchema] = ProblemDetails();
        return Task.CompletedTask;
    }

    private static OpenApiSchema ProblemDetails()
    {
        static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
        return new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = "RFC 9457.",
            Required = new HashSet<string> { "type", "title", "status", "detail", "code" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["type"] = Text("`urn:qrlogin:problem:` and the code."),
                ["title"] = Text("For people."),
                ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32" },
                ["detail"] = Text("For people."),
                ["code"] = Text("For programs; it does not change."),
                ["error"] = Text("Of `/oauth/…` only: RFC 6749's word."),
                ["errors"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Description = "Of `invalid_request`: member, as `identifiers[0].kind`, to messages; `$` is the whole body.",
                    AdditionalProperties = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Array,
                        Items = new OpenApiSchema { Type = JsonSchemaType.String },
                    },
                },
            },
            AdditionalPropertiesAllowed = true,
        };
    }
}
