using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using QrLogin.Server.Bindings;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Accounts;

/// <summary>
/// Signs in whom the provider has named: the account is made or gets the name of today, and the number that the provider vouches for is
/// bound to it, unless another account has it. Safe for concurrent use.
/// </summary>
internal sealed partial class OidcAccounts(
    SiteAccounts accounts, BindingStore bindings, WebSignIn signIn, AuditTrail audit, IOptions<OidcOptions> oidc)
{
    /// <param name="replaced">The hash of a session that the new one replaces, where its cookie has not come along.</param>
    /// <returns>Why not; null where it is done.</returns>
    public async Task<Problem?> SignInAsync(OidcIdentity identity, byte[]? replaced, HttpContext context)
    {
        var asked = new AuditEvent(AuditEvent.Computer, "sign_in", ClientAddress.Of(context)) { Detail = $"by {oidc.Value.Name}" };
        if (!Subject().IsMatch(identity.Subject))
        {
            audit.Record(asked with { Why = Problem.ProviderFailed.Code, OncePerMinute = true });
            return Problem.ProviderFailed;
        }

        var account = await accounts.OpenAsync(oidc.Value.Issuer, identity.Subject, identity.DisplayName);
        if (!account.IsDisabled && identity.Phone is { } phone)
        {
            await bindings.AddAsync(account.Id, phone, null, asked);
        }

        var named = asked with { Detail = $"{asked.Detail}: {identity.Subject}" };
        if (await signIn.MakeAsync(context, SiteAccounts.ById(account.Id), named, replaced) is null)
        {
            audit.Record(named with { AccountId = account.Id, Why = Problem.AccountDisabled.Code, OncePerMinute = true });
            return Problem.AccountDisabled;
        }

        return null;
    }

    /// <summary>OpenID Connect Core 1.0 §2: at most 255 ASCII characters.</summary>
    [GeneratedRegex(@"\A[!-~]{1,255}\z")]
    private static partial Regex Subject();
}
