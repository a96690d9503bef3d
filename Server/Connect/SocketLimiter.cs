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
internal sealed class SocketLimiter(IOptions<SocketLimits> limits) : IDisposable
{
    private const int MaxWaitingForTurn = 256;

    private readonly ConcurrencyLimiter places = new(new() { PermitLimit = limits.Value.Connections });

    private readonly PartitionedRateLimiter<string> failures = PartitionedRateLimiter.Create<string, string>(network =>
        RateLimitPartition.GetFixedWindowLimiter(
            network, _ => new() { PermitLimit = limits.Value.HandshakesPerMinute, Window = TimeSpan.FromMinutes(1) }));

    private readonly PartitionedRateLimiter<string> turns = PartitionedRateLimiter.Create<string, string>(network =>
        RateLimitPartition.GetConcurrencyLimiter(network, _ => new() { PermitLimit = 2, QueueLimit = MaxWaitingForTurn }));

    /// <summary>A place for one more socket, given back when it is disposed; not acquired when there is none.</summary>
    public RateLimitLease TakePlace() => places.AttemptAcquire();

    /// <summary>Finds the caller's session, a feature of the context then; that there is none counts as a failure of the address.</summary>
    /// <returns>Where there is none and the address has had too many: when it may try again. Otherwise null.</returns>
    public async Task<TimeSpan?> AuthenticateAsync(HttpContext context)
    {
        var network = ClientAddress.Network(ClientAddress.Of(context));
        if (await IsLookedUpAsync(network, context))
        {
            return null;
        }

        using var failure = failures.AttemptAcquire(network);
        return failure.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter) ? retryAfter : null;
    }

    public void Dispose()
    {
        places.Dispose();
        failures.Dispose();
        turns.Dispose();
    }

    private async Task<bool> IsLookedUpAsync(string network, HttpContext context)
    {
        using var standing = failures.AttemptAcquire(network, permitCount: 0); // asks and takes nothing
        using var turn = standing.IsAcquired ? standing : await turns.AcquireAsync(network, cancellationToken: context.RequestAborted);
        return turn.IsAcquired && (await context.AuthenticateAsync(SessionAuthentication.SchemeName)).Succeeded;
    }
}
