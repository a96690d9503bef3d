using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;

namespace QrLogin.Server.Connect;

/// <summary>Step 1: the PC's page opens its long connection, RFC 6455 over HTTP/1.1 or RFC 8441 over HTTP/2.</summary>
internal static class ConnectEndpoint
{
    public const string Subprotocol = "qrlogin.v1";

    /// <summary>Of the handshake, in the order in which it is checked.</summary>
    public static readonly Problem[] Refusals =
    [
        Problem.UpgradeRequired, Problem.OriginNotAllowed, Problem.SessionRequired, Problem.TooManyRequests, Problem.WebSessionRequired,
        Problem.UnsupportedProtocol, Problem.Unavailable,
    ];

    /// <summary>In seconds: how long a client waits when this server is going away, or full.</summary>
    private const int RetryAfter = 5;

    public static IServiceCollection AddConnect(this IServiceCollection services)
    {
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<SocketLimits>>((kestrel, limits) =>
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(limits.Value.HandshakeSeconds));
        return services
            .AddNumbers<SocketLimits>(SocketLimits.Section)
            .AddSingleton<SocketLimiter>()
            .AddSingleton<BrowserConnections>()
            .AddSingleton<WelcomeStore>()
            .AddSingleton<LiveStateStore>()
            .AddSingleton<ConnectionHost>()
            .AddSingleton<ConnectionKeeper>()
            .AddHostedService(provider => provider.GetRequiredService<ConnectionKeeper>())
            .Configure<WebSocketOptions>(options =>
            {
                // The framework looks every 4 s, a quarter of the smaller one: it pings after 16 to 20 s and drops 20 to 24 s later.
                options.KeepAliveInterval = TimeSpan.FromSeconds(16);
                options.KeepAliveTimeout = TimeSpan.FromSeconds(20);
            });
    }

    public static IApplicationBuilder UseConnect(this IApplicationBuilder app)
    {
        InboundFeature.Use(app);
        return app.UseWebSockets();
    }

    public static IEndpointRouteBuilder MapConnect(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/connect", [HttpMethods.Get, HttpMethods.Connect], Connect)
            .Describe("Opens the PC's long connection, a WebSocket; `/asyncapi/v1.json` describes its messages.", Refusals)
            .SecuredBy(["cookie"])
            .Answers(101)
            .AnswersWith(101, "Sec-WebSocket-Protocol", Subprotocol)
            .AnswersWith(426, "Upgrade", "websocket")
            .AnswersWith(426, "Sec-WebSocket-Version", "13");
        return routes;
    }

    private static async Task<Results<EmptyHttpResult, ProblemHttpResult>> Connect(
        BrowserConnections connections, ConnectionHost host, SocketLimiter limiter, IOptions<SiteOptions> site, HttpContext context)
    {
        // In HTTP/1.0 an Upgrade means nothing (RFC 9110 §7.8); Kestrel would follow it.
        if (!context.WebSockets.IsWebSocketRequest || HttpProtocol.IsHttp10(context.Request.Protocol))
        {
            context.Response.Headers.Upgrade = "websocket";
            context.Response.Headers.Connection = "Upgrade, keep-alive"; // without the latter Kestrel would close unannounced
            context.Response.Headers.SecWebSocketVersion = "13";
            return Problem.UpgradeRequired.Result();
        }

        if (!site.Value.Allows(context.Request))
        {
            return Problem.OriginNotAllowed.Result();
        }

        if (await limiter.AuthenticateAsync(context) is { } wait)
        {
            return Problem.TooManyRequests.Result(context.Response, wait);
        }

        if (context.Features.Get<Session>() is not { } session)
        {
            return Problem.SessionRequired.Result();
        }

        if (!session.IsWeb)
        {
            return Problem.WebSessionRequired.Result();
        }

        if (!context.WebSockets.WebSocketRequestedProtocols.Contains(Subprotocol))
        {
            return Problem.UnsupportedProtocol.Result();
        }

        using var place = limiter.TakePlace();
        if (connections.IsClosed || !place.IsAcquired)
        {
            return Problem.Unavailable.Result(context.Response, RetryAfter);
        }

        await host.HoldAsync(session, context, Subprotocol);
        return TypedResults.Empty;
    }
}
