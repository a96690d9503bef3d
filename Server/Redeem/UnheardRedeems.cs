using System.Net;
using System.Threading.Channels;
using QrLogin.Server.Present;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Redeem;

/// <summary>
/// Redeems of which nobody knows whether they made a session, because PostgreSQL's answer was lost: the phone learns it by asking again,
/// the PC and the audit trail from here. Asked once a second, until PostgreSQL has answered for ten seconds. Safe for concurrent use.
/// </summary>
internal sealed class UnheardRedeems(RedemptionStore redemptions, Presenter presenter, AuditTrail audit, TimeProvider time,
    ILogger<UnheardRedeems> logger)
    : BackgroundService
{
    private const int MaxWaiting = 1_000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>A call that was abandoned may still be on its way to its commit.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Channel<(Guid SessionId, IPAddress Address)> heard =
        Channel.CreateBounded<(Guid SessionId, IPAddress Address)>(MaxWaiting);

    /// <param name="sessionId">The session that it would have made.</param>
    public void Add(Guid sessionId, IPAddress address) =>
        heard.Writer.TryWrite((sessionId, address)); // where there are too many, the next welcome tells the PC

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var open = new Dictionary<Guid, Unheard>();
        using var pause = new PeriodicTimer(Pause);
        while (open.Count > 0 || await heard.Reader.WaitToReadAsync(stoppingToken))
        {
            while (open.Count < MaxWaiting && heard.Reader.TryRead(out var redeem))
            {
                open.TryAdd(redeem.SessionId, new Unheard(redeem.Address, null));
            }

            await pause.WaitForNextTickAsync(stoppingToken);
            try
            {
                await AskAsync(open);
            }
            catch (DatabaseUnavailableException)
            {
                // not yet
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogError(e, "What became of {Count} redeems is told to nobody who does not ask again", open.Count);
                open.Clear();
            }
        }
    }

    private async Task AskAsync(Dictionary<Guid, Unheard> open)
    {
        foreach (var made in await redemptions.FindMadeAsync([.. open.Keys]))
        {
            open.Remove(made.SessionId!.Value, out var redeem);
            audit.Record(new AuditEvent(AuditEvent.Phone, "redeem", redeem!.Address)
            {
                AccountId = made.AccountId,
                AttemptId = made.AttemptId,
                SessionId = made.SessionId,
                Detail = "its answer was lost",
            });
            presenter.Redeemed(made.AccountId, made.AttemptId, made.SessionId.Value, made.Device);
        }

        foreach (var (sessionId, redeem) in open.ToArray())
        {
            if (redeem.MissingSince is not { } first)
            {
                open[sessionId] = redeem with { MissingSince = time.GetTimestamp() };
            }
            else if (time.GetElapsedTime(first) > Patience)
            {
                open.Remove(sessionId);
            }
        }
    }

    /// <param name="Address">From where the phone asked.</param>
    /// <param name="MissingSince">Since when PostgreSQL has answered that there is no such session; null as long as it has not.</param>
    private sealed record Unheard(IPAddress Address, long? MissingSince);
}
