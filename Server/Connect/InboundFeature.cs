using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace QrLogin.Server.Connect;

/// <summary>Puts an <see cref="InboundStream"/> beneath a request's WebSocket: HTTP/1.1's upgrade, HTTP/2's extended CONNECT.</summary>
internal sealed class InboundFeature(
    IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect, Func<Stream, InboundStream> beneath)
    : IHttpUpgradeFeature, IHttpExtendedConnectFeature
{
    private InboundStream? stream;

    public bool IsUpgradableRequest => upgrade?.IsUpgradableRequest == true;

    public bool IsExtendedConnect => connect?.IsExtendedConnect == true;

    public string? Protocol => connect?.Protocol;

    /// <summary>In the pipeline before the framework's WebSockets, which take what they find here.</summary>
    public static void Use(IApplicationBuilder app)
    {
        var bytesPerMinute = app.ApplicationServices.GetRequiredService<IOptions<SocketLimits>>().Value.InboundBytesPerMinute;
        var time = app.ApplicationServices.GetRequiredService<TimeProvider>();
        Func<Stream, InboundStream> beneath = stream => new InboundStream(stream, bytesPerMinute, time);
        app.Use((context, next) =>
        {
            if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
            {
                context.Features.Set<IHttpUpgradeFeature>(new InboundFeature(upgrade, null, beneath));
            }
            else if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
            {
                context.Features.Set<IHttpExtendedConnectFeature>(new InboundFeature(null, connect, beneath));
            }

            return next(context);
        });
    }

    /// <summary>What lies beneath the socket that this request has become.</summary>
    public static InboundStream StreamOf(HttpContext context) =>
        ((context.Features.Get<IHttpUpgradeFeature>() as InboundFeature)
            ?? (InboundFeature)context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>()).stream!;

    public async Task<Stream> UpgradeAsync() => stream = beneath(await upgrade!.UpgradeAsync());

    public async ValueTask<Stream> AcceptAsync() => stream = beneath(await connect!.AcceptAsync());
}
