using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace QrLogin.Server.Accounts;

/// <summary>
/// Seals what a browser carries through a sign-in at the provider. The key is made of the client secret (as OpenID Connect Core 1.0 §10.2
/// makes one), so nothing is stored, every node can read what another has begun, and so can the same one after a restart. Immutable.
/// </summary>
internal sealed class OidcState(Storage.Secret key) : IDataProtector
{
    public IDataProtector CreateProtector(string purpose) => new OidcState(key.For(Encoding.UTF8.GetBytes(purpose)));

    public byte[] Protect(byte[] plaintext) => key.Seal(plaintext);

    public byte[] Unprotect(byte[] protectedData) => key.Open(protectedData);
}
