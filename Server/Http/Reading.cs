namespace QrLogin.Server.Http;

/// <summary>Addresses outside of the API, which caches, monitors and link previews also ask for their headers alone.</summary>
internal static class Reading
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>GET, and HEAD, which answers the same without a body (RFC 9110 §9.3.2; the web server leaves it out).</summary>
    public static RouteHandlerBuilder MapRead(this IEndpointRouteBuilder routes, string path, Delegate answer) =>
        routes.MapMethods(path, Methods, answer);
}
