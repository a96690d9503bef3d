using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace QrLogin.Server.Accounts;

/// <summary>
/// The provider's metadata and keys. However many calls ask while they are fetched, they are fetched once, and each call waits no longer
/// than its own patience: the library's own lets one call after the other wait for as long. Safe for concurrent use.
/// </summary>
internal sealed class OidcMetadata(IConfigurationManager<OpenIdConnectConfiguration> source)
    : IConfigurationManager<OpenIdConnectConfiguration>
{
    private readonly Lock gate = new();
    private Task<OpenIdConnectConfiguration>? fetching;

    public Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
    {
        lock (gate)
        {
            if (fetching is not { IsCompleted: false })
            {
                fetching = source.GetConfigurationAsync(CancellationToken.None); // known, it is there at once
            }

            return fetching.WaitAsync(cancel);
        }
    }

    public void RequestRefresh() => source.RequestRefresh();
}
