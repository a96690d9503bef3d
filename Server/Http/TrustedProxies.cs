using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace QrLogin.Server.Http;

/// <summary>
/// Whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> count: those of <see cref="SiteOptions.TrustedProxies"/>, and nobody else's.
/// </summary>
internal sealed class TrustedProxies(IOptions<SiteOptions> site) : IConfigureOptions<ForwardedHeadersOptions>
{
    public void Configure(ForwardedHeadersOptions options)
    {
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in site.Value.TrustedProxies)
        {
            options.KnownIPNetworks.Add(SiteOptions.ParseNetwork(network)!.Value);
        }

        options.ForwardedHeaders = site.Value.TrustedProxies.Length > 0
            ? ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto
            : ForwardedHeaders.None;
        options.ForwardLimit = null; // through as many of them as there are
    }
}
