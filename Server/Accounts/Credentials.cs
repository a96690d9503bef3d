using System.Net;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;

namespace QrLogin.Server.Accounts;

/// <summary>
/// Is it this user's password? Who guesses is stopped by user name and address before the password is looked at, whether or not there is
/// such a user. Safe for concurrent use.
/// </summary>
internal sealed class Credentials(AccountStore accounts, Passwords passwords, IOptions<LimitOptions> limits)
{
    public async Task<CredentialCheck> CheckAsync(string username, string password, IPAddress address)
    {
        var attempt = await accounts.BeginAsync(username, address);
        if (attempt.RetryAfter is { } seconds)
        {
            return new(null, attempt.AccountId, seconds);
        }

        var isRight = await passwords.CheckAsync(password, attempt.PasswordHash);
        if (isRight is null)
        {
            await accounts.ForgetAsync(attempt.Id);
            return new(null, attempt.AccountId, limits.Value.PasswordWaitSeconds);
        }

        return new(isRight is true ? attempt : null, attempt.AccountId, null);
    }
}

/// <param name="Right">The try, where the password is right.</param>
/// <param name="AccountId">Whose it would be; null where there is no such account, or it is disabled.</param>
/// <param name="RetryAfter">In seconds, where nothing was checked because there were too many.</param>
internal sealed record CredentialCheck(SignInTry? Right, Guid? AccountId, int? RetryAfter);
