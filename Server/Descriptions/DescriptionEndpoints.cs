using System.Net.Mime;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Descriptions;

/// <summary>
/// For programs and their authors: what this server takes and answers, as OpenAPI and AsyncAPI, made once and kept. Neither needs the
/// database. For people there is a page of it in Development.
/// </summary>
internal static class DescriptionEndpoints
{
    public static IServiceCollection AddDescriptions(this IServiceCollection services) =>
        services.AddOpenApiDocument().AddMessageSchemas();

    public static WebApplication MapDescriptions(this WebApplication app)
    {
        var documents = app.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>(OpenApi.Name);
        app.MapDocument("/openapi/v1.json", async () =>
        {
            var document = await documents.GetOpenApiDocumentAsync();
            return await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1);
        }).WithName("OpenApi").Describe("This description, as OpenAPI 3.1.");
        app.MapDocument("/asyncapi/v1.json", () => AsyncApi.MakeAsync(app.Services))
            .WithName("AsyncApi").Describe("The messages of `/connect`, as AsyncAPI 3.");
        if (app.Environment.IsDevelopment())
        {
            app.MapBrowsablePage();
        }

        return app;
    }

    /// <summary>The same text for everybody; asked about each time, as the pages are, by an ETag that changes with it.</summary>
    private static RouteHandlerBuilder MapDocument(this WebApplication app, string path, Func<Task<string>> make)
    {
        var document = new Lazy<Task<(byte[] Bytes, EntityTagHeaderValue Tag)>>(async () =>
        {
            var bytes = Encoding.UTF8.GetBytes(await make());
            return (bytes, new EntityTagHeaderValue($"\"{Secret.Fingerprint(bytes)}\""));
        });
        return app.MapRead(path, async Task<FileContentHttpResult> (HttpResponse response) =>
        {
            response.Headers[HeaderNames.CacheControl] = "no-cache";
            var (bytes, tag) = await document.Value;
            return TypedResults.Bytes(bytes, MediaTypeNames.Application.Json, entityTag: tag);
        }).Answers(StatusCodes.Status200OK, MediaTypeNames.Application.Json)
            .Answers(StatusCodes.Status304NotModified)
            .AnswersWith(StatusCodes.Status200OK, HeaderNames.ETag, "For If-None-Match.")
            .AnswersWith(StatusCodes.Status304NotModified, HeaderNames.ETag, "The same.");
    }
}
