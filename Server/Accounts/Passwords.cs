using System.Text;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using Bcrypt = BCrypt.Net.BCrypt;

namespace QrLogin.Server.Accounts;

/// <summary>bcrypt, which is made to be slow, bounded: a few run at a time, the rest wait briefly. Safe for concurrent use.</summary>
internal sealed class Passwords(IOptions<LimitOptions> limits) : IDisposable
{
    /// <summary>bcrypt reads no further; a longer password is refused, not cut.</summary>
    public const int MaxBytes = 72;

    /// <summary>Of a random password that nobody has: checked when there is no account, so that the answer takes as long.</summary>
    private const string HashOfNobody = "$2a$12$m6rTR.jZ73i8F/wILfgNLeasQBmJQkWlVDid9fuoDEl4cFQV20pPS";

    private readonly SemaphoreSlim places = new(limits.Value.PasswordsAtATime);

    /// <summary>Whether it can be anybody's password: Unicode that has an NFC, not empty, not too long.</summary>
    public static bool IsPossible(string? password)
    {
        try
        {
            return Encoding.UTF8.GetByteCount((password ?? "").Normalize()) is > 0 and <= MaxBytes;
        }
        catch (ArgumentException)
        {
            return false; // lone surrogates, U+FFFE
        }
    }

    /// <returns>Whether it is the password; null when too many are being checked.</returns>
    public async Task<bool?> CheckAsync(string password, string? hash)
    {
        if (!await places.WaitAsync(TimeSpan.FromSeconds(limits.Value.PasswordWaitSeconds)))
        {
            return null;
        }

        try
        {
            // On a thread of its own: two of these would keep all of a small machine's pool from answering anybody else.
            return await Task.Factory.StartNew(
                () => Bcrypt.Verify(password.Normalize(), hash ?? HashOfNobody) && hash is not null,
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            places.Release();
        }
    }

    public void Dispose() => places.Dispose();
}
