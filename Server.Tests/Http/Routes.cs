using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Http;

/// <summary>An address of the server, with all the methods that it takes, and whether it reads JSON.</summary>
internal sealed record Route(string Path, string[] Methods, bool ReadsJson)
{
    /// <summary>Every kind of request that a client may try; CONNECT, which no HTTP client sends to a path, apart.</summary>
    public static readonly string[] AllMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"];

    public override string ToString() => Path;
}

/// <summary>Asks the server itself, so that no route can be forgotten.</summary>
internal static partial class Routes
{
    private const string Json = "application/json";

    /// <summary>What a route's id is: nothing has it.</summary>
    public const string Id = "018f0000-0000-7000-8000-000000000000";

    public static Route[] Of(TestServer server)
    {
        Route[] routes =
        [
            .. from endpoint in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
               where endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null // the page of Development
               group endpoint by Guids().Replace(endpoint.RoutePattern.RawText!, Id) into same
               select new Route(
                   same.Key,
                   [.. same.SelectMany(each => each.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods).Distinct()],
                   same.Any(each => each.Metadata.GetMetadata<IAcceptsMetadata>() is { } taken && taken.ContentTypes.Contains(Json))),
        ];
        Assert.That(routes, Has.Length.GreaterThan(10));
        Assert.That(routes.Select(each => each.Path), Has.None.Contain("{"), "give a value for it here");
        return routes;
    }

    [GeneratedRegex(@"\{\w+(:guid)?\}")]
    private static partial Regex Guids();
}
