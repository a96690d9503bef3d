using System.Text.RegularExpressions;
using Dapper;
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
    Database database, SiteAccounts accounts, BindingStore bindings, WebSignIn signIn, AuditTrail audit, IOptions<OidcOptions> oidc,
    ILogger<OidcAccounts> logger)
{
    private readonly string issuer = oidc.Value.Name ?? "";

    /// <param name="replaced">The hash of a session that the new one replaces, where its cookie has not come along.</param>
    /// <returns>Why not; null where it is done.</returns>
    public async Task<Problem?> SignInAsync(OidcIdentity identity, byte[]? replaced, HttpContext context)
    {
        var asked = new AuditEvent(AuditEvent.Computer, "sign_in", ClientAddress.Of(context))
        {
            Detail = $"by {issuer}: {identity.Subject}",
        };
        if (!Subject().IsMatch(identity.Subject) || await IsClientAsync())
        {
            audit.Record(asked with { Detail = $"by {issuer}", Why = Problem.ProviderFailed.Code });
            return Problem.ProviderFailed;
        }

        var account = await accounts.OpenAsync(issuer, identity.Subject, identity.DisplayName);
        if (!account.IsDisabled && identity.Phone is { } phone)
        {
            await BindAsync(account.Id, phone, context);
        }

        const string owner = "select @accountId as account_id";
        const string proof = "select id as account_id from account where id = @accountId and disabled_at is null";
        if (await signIn.MakeAsync(context, owner, proof, new { accountId = account.Id }, asked, replaced: replaced) is null)
        {
            audit.Record(asked with { AccountId = account.Id, Why = Problem.AccountDisabled.Code });
            return Problem.AccountDisabled;
        }

        return null;
    }

    /// <summary>A client of the provider's name could make the provider's accounts, and is none while this is the provider.</summary>
    private async Task<bool> IsClientAsync()
    {
        var isClient = await database.RunAsync(connection => connection.ExecuteScalarAsync<bool>(
            "select exists (select from client where name = @issuer)", new { issuer }));
        if (isClient)
        {
            logger.LogError("Nobody is signed in by {Provider}: a client has this name. Give the provider another, Oidc:Name", issuer);
        }

        return isClient;
    }

    private async Task BindAsync(Guid accountId, Identifier phone, HttpContext context)
    {
        var bound = await bindings.ListAsync(accountId);
        if (!Array.Exists(bound, each => Identifier.Stored(each.Kind, each.Value) == phone))
        {
            var isBound = await bindings.AddAsync(accountId, phone, null);
            audit.Record(new AuditEvent(AuditEvent.Computer, "bind", ClientAddress.Of(context))
            {
                AccountId = accountId,
                Detail = $"{phone.Kind} {phone.Masked}, by {issuer}",
                Why = isBound is true ? null : Problem.IdentifierTaken.Code,
            });
        }
    }

    /// <summary>OpenID Connect Core 1.0 §2: at most 255 ASCII characters.</summary>
    [GeneratedRegex(@"\A[!-~]{1,255}\z")]
    private static partial Regex Subject();
}
