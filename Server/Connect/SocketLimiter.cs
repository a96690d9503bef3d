using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;

namespace QrLogin.Server.Connect;

/// <summary>
/// How many sockets this process holds, and how often an address may fail to open one. Whoever is signed in is not refused for what
/// others behind the same address did: failures count, and an address with too many has its sessions looked up two at a time, while the
/// rest wait their turn and only those for whom there is no room are refused unseen. Safe for concurrent use.
/// </summary>
internal sealed class SocketLimiter(IOptions<SocketLimits> limits, FailureLimits failures) : IDisposable
{
    private const int MaxWaitingForTurn = 256;

    private readonly ConcurrencyLimiter places = new(new() { PermitLimit = limits.Value.Connections });

    private readonly PartitionedRateLimiter<string> turns = PartitionedRateLimiter.Create<string, string>(network =>
        RateLimitPartition.GetConcurrencyLimiter(network, _ => new() { PermitLimit = 2, QueueLimit = MaxWaitingForTurn }));

    /// <summary>A place for one more socket, given back when it is disposed; not acquired when there is none.</summary>
    public RateLimitLease TakePlace() => places.AttemptAcquire();

    /// <summary>Finds the caller's session, a feature of the context then; that there is none counts as a failure of the address.</summary>
    /// <returns>Where there is none and the address has had too many: in how many seconds it may try again. Otherwise null.</returns>
    public async Task<int?> AuthenticateAsync(HttpContext context)
    {
        var isFound = failures.Wait(Problem.SessionRequired, context) is null
            ? await IsFoundAsync(context) : await IsFoundInTurnAsync(context);
        return isFound ? null : failures.Count(Problem.SessionRequired, context);
    }

    public void Dispose()
    {
        places.Dispose();
        turns.Dispose();
    }

    private async Task<bool> IsFoundInTurnAsync(HttpContext context)
    {
        using var turn = await turns.AcquireAsync(
            ClientAddress.Network(ClientAddress.Of(context)), cancellationToken: context.RequestAborted);
        return turn.IsAcquired && await IsFoundAsync(context);
    }

    private static async Task<bool> IsFoundAsync(HttpContext context) =>
        (await context.AuthenticateAsync(SessionAuthentication.SchemeName)).Succeeded;
}
