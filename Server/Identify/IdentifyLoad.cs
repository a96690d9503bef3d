using System.Globalization;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Identify;

/// <summary>
/// How many identifies are worked on at a time, whoever sends them: as many again wait, further ones are told to come again. So a flood
/// of them leaves PostgreSQL's connections to the others.
/// </summary>
internal sealed class IdentifyLoad(IOptions<LimitOptions> limits) : IConfigureOptions<RateLimiterOptions>
{
    public const string Policy = "identify";

    /// <summary>In seconds.</summary>
    private const int RetryAfter = 1;

    public void Configure(RateLimiterOptions options)
    {
        options.AddConcurrencyLimiter(Policy, load => load.PermitLimit = load.QueueLimit = limits.Value.IdentifiesAtATime);
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.OnRejected = (rejected, _) =>
        {
            var context = rejected.HttpContext;
            context.RequestServices.GetRequiredService<AuditTrail>().Record(
                new AuditEvent(AuditEvent.Phone, "identify", ClientAddress.Of(context)) { Why = Problem.TooManyRequests.Code });
            context.Response.Headers.RetryAfter = RetryAfter.ToString(CultureInfo.InvariantCulture);
            return ValueTask.CompletedTask;
        };
    }
}
