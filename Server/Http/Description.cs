using System.Reflection;

namespace QrLogin.Server.Http;

/// <summary>
/// What a call says of itself, beside its mapping, for <c>/openapi/v1.json</c>; a test fails for one that says too little. Its types say
/// most of it; a body, a session and a limit bring their refusals with them. Metadata only: a call pays nothing for it.
/// <code>
/// routes.MapPost("/api/session", SignIn)
///     .Describe("Signs in on the PC.", Problem.InvalidCredentials, Problem.Unavailable)
///     .AnswersWith(200, "Set-Cookie", "The session's cookie.")
///     .Examples(new SignInRequest("alice", "swordfish and chips"), SessionResponse.Example);
/// </code>
/// A new way to authenticate: <c>.SecuredBy(["client"], Problem.ClientRequired)</c>, and its scheme in <c>Descriptions/</c>. A type that
/// binds itself says as <c>IEndpointParameterMetadataProvider</c> what of the request it takes.
/// </summary>
internal static class Description
{
    /// <param name="route">Where its handler is a method, it has its name; a lambda is named by <c>WithName</c>.</param>
    /// <param name="summary">One sentence: what it does.</param>
    /// <param name="refusals">Those that neither its body, nor its session, nor its limit bring.</param>
    public static T Describe<T>(this T route, string summary, params Problem[] refusals) where T : IEndpointConventionBuilder
    {
        route.WithSummary(summary).WithMetadata(refusals);
        route.Finally(endpoint =>
        {
            if (endpoint.RequestDelegate is { } handler && !endpoint.Metadata.OfType<MethodInfo>().Any())
            {
                endpoint.Metadata.Add(handler.Method); // without one the framework describes nothing
            }
        });
        return route;
    }

    /// <param name="values">Of the types that it takes and answers: one each or, where there is more than one way, more.</param>
    public static T Examples<T>(this T route, params object[] values) where T : IEndpointConventionBuilder =>
        route.WithMetadata([.. values.Select(value => new Example(value))]);

    /// <summary>A header that the answer of this status has.</summary>
    public static T AnswersWith<T>(this T route, int status, string header, string meaning, bool always = true)
        where T : IEndpointConventionBuilder => route.WithMetadata(new AnswerHeader(status, header, meaning, always));

    /// <summary>Without any of these it is refused so.</summary>
    /// <param name="schemes">Names of <c>components.securitySchemes</c>, any of which will do.</param>
    public static T SecuredBy<T>(this T route, string[] schemes, params Problem[] refusals) where T : IEndpointConventionBuilder =>
        route.WithMetadata([new SecuredBy(schemes), .. refusals]);

    /// <summary>An answer whose handler has no type that says so.</summary>
    public static T Answers<T>(this T route, int status, string? contentType = null) where T : IEndpointConventionBuilder =>
        route.WithMetadata(contentType switch
        {
            null => new ProducesResponseTypeMetadata(status, typeof(void)),
            "application/json" => new ProducesResponseTypeMetadata(status, typeof(object), [contentType]), // what others define
            _ when contentType.StartsWith("text/", StringComparison.Ordinal) =>
                new ProducesResponseTypeMetadata(status, typeof(string), [contentType]),
            _ => new ProducesResponseTypeMetadata(status, typeof(Stream), [contentType]),
        });
}

/// <summary>A request or an answer as it can be.</summary>
internal sealed record Example(object Value);

/// <param name="Always">Whether each such answer has it.</param>
internal sealed record AnswerHeader(int Status, string Name, string Meaning, bool Always);

/// <summary>A piece of the address that a type reads by itself.</summary>
/// <param name="Pattern">A regular expression, as JSON Schema has them.</param>
internal sealed record PathParameter(string Name, string Meaning, string Pattern);

/// <summary>How a caller says who it is.</summary>
internal sealed record SecuredBy(string[] Schemes);

/// <summary>
/// What a member or a parameter may be on the wire, where its .NET type allows more; the server's own validation is what counts.
/// </summary>
/// <param name="oneOf">All that it can be.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class WireAttribute(params string[] oneOf) : Attribute
{
    public string[] OneOf => oneOf;

    public string? Pattern { get; init; }

    /// <summary>How many elements or characters at least.</summary>
    public int Least { get; init; }

    /// <summary>How many elements or characters at most; 0: it is not said.</summary>
    public int Most { get; init; }

    /// <summary>Whether a request may leave it out.</summary>
    public bool Optional { get; init; }
}
