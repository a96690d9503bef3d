using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Http;

/// <summary>
/// Counts, by address and minute, in memory, how often a call was refused with one code, and refuses further calls beyond the limit. What
/// goes well is not counted: an office or a carrier behind one address is not refused for its size. Safe for concurrent use.
/// </summary>
internal sealed class FailureLimits : IDisposable
{
    private readonly PartitionedRateLimiter<Failure> limiter;

    public FailureLimits(IOptions<LimitOptions> options)
    {
        var perMinute = new Dictionary<string, int>
        {
            [Problem.NoLiveConnection.Code] = options.Value.IdentifyMissesPerMinute,
            [Problem.InvalidTicket.Code] = options.Value.RedeemFailuresPerMinute,
            [Problem.NotFound.Code] = options.Value.RedeemFailuresPerMinute,
            [Problem.ProviderFailed.Code] = options.Value.OidcFailuresPerMinute,
            [Problem.SessionRequired.Code] = options.Value.HandshakeFailuresPerMinute,
            [Problem.ClientRequired.Code] = options.Value.ClientFailuresPerMinute,
        };
        limiter = PartitionedRateLimiter.Create<Failure, Failure>(failure => RateLimitPartition.GetFixedWindowLimiter(
            failure, each => new FixedWindowRateLimiterOptions { PermitLimit = perMinute[each.Code], Window = TimeSpan.FromMinutes(1) }));
    }

    /// <returns>How many seconds the address has to wait; null when it need not.</returns>
    public int? Wait(Problem problem, HttpContext context) => Take(0, problem, context);

    /// <returns>As above, where this one was too many.</returns>
    public int? Count(Problem problem, HttpContext context) => Take(1, problem, context);

    public void Dispose() => limiter.Dispose();

    private int? Take(int failures, Problem problem, HttpContext context)
    {
        using var lease = limiter.AttemptAcquire(Failure.Of(problem, context), failures);
        return lease.IsAcquired ? null
            : lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds))
            : 60;
    }

    private readonly record struct Failure(string Code, string Network)
    {
        public static Failure Of(Problem problem, HttpContext context) =>
            new(problem.Code, ClientAddress.Network(ClientAddress.Of(context)));
    }
}

/// <summary>The same, said of a route.</summary>
internal static class FailureLimitExtensions
{
    /// <summary>An address that was refused with this too often hears 429 with <c>Retry-After</c>.</summary>
    /// <param name="name">Of the call, in the audit trail.</param>
    public static RouteHandlerBuilder LimitFailures(this RouteHandlerBuilder route, Problem problem, string name) =>
        route.WithMetadata(problem, Problem.TooManyRequests).AddEndpointFilter(async (invocation, next) =>
        {
            var context = invocation.HttpContext;
            var limits = context.RequestServices.GetRequiredService<FailureLimits>();
            if (limits.Wait(problem, context) is { } seconds)
            {
                context.RequestServices.GetRequiredService<AuditTrail>().Record(
                    new AuditEvent(AuditEvent.Phone, name, ClientAddress.Of(context)) { Why = Problem.TooManyRequests.Code });
                return Problem.TooManyRequests.Result(context.Response, seconds);
            }

            var result = await next(invocation);
            if ((result as INestedHttpResult)?.Result is ProblemHttpResult refused && problem.Is(refused.ProblemDetails))
            {
                limits.Count(problem, context);
            }

            return result;
        });
}
