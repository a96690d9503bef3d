using System.Collections.Concurrent;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace QrLogin.Sample;

/// <summary>
/// Who is signed in at the shop: the cookie only names a session, so that one kept from before a sign-out opens nothing. Here in memory;
/// a real shop has a table.
/// </summary>
internal sealed class Sessions : ITicketStore
{
    private readonly ConcurrentDictionary<string, AuthenticationTicket> live = new();

    public Task<string> StoreAsync(AuthenticationTicket ticket)
    {
        var key = $"{Guid.NewGuid()}"; // the cookie is encrypted
        live[key] = ticket;
        return Task.FromResult(key);
    }

    public Task RenewAsync(string key, AuthenticationTicket ticket)
    {
        live[key] = ticket;
        return Task.CompletedTask;
    }

    public Task<AuthenticationTicket?> RetrieveAsync(string key) => Task.FromResult(live.GetValueOrDefault(key));

    public Task RemoveAsync(string key)
    {
        live.TryRemove(key, out _);
        return Task.CompletedTask;
    }
}
