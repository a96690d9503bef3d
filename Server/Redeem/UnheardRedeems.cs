using System.Threading.Channels;
using QrLogin.Server.Present;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Redeem;

/// <summary>
/// Redeems of which nobody knows whether they made a session, because PostgreSQL's answer was lost: the phone learns it by asking again,
/// the PC from here. Asked once a second, until PostgreSQL has answered for ten seconds. Safe for concurrent use.
/// </summary>
internal sealed class UnheardRedeems(RedemptionStore redemptions, Presenter presenter, TimeProvider time) : BackgroundService
{
    private const int MaxWaiting = 1_000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>A call that was abandoned may still be on its way to its commit.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Channel<Guid> heard = Channel.CreateBounded<Guid>(MaxWaiting);

    /// <param name="sessionId">The session that it would have made.</param>
    public void Add(Guid sessionId) => heard.Writer.TryWrite(sessionId); // where there are too many, the next welcome tells the PC

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var open = new Dictionary<Guid, long?>(); // since when PostgreSQL has answered that there is no such session
        using var pause = new PeriodicTimer(Pause);
        while (open.Count > 0 || await heard.Reader.WaitToReadAsync(stoppingToken))
        {
            while (heard.Reader.TryRead(out var sessionId))
            {
                open.TryAdd(sessionId, null);
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
        }
    }

    private async Task AskAsync(Dictionary<Guid, long?> open)
    {
        foreach (var made in await redemptions.FindMadeAsync([.. open.Keys]))
        {
            open.Remove(made.SessionId!.Value);
            presenter.Redeemed(made.AccountId, made.AttemptId, made.SessionId.Value, made.Device);
        }

        foreach (var (sessionId, since) in open.ToArray())
        {
            if (since is not { } first)
            {
                open[sessionId] = time.GetTimestamp();
            }
            else if (time.GetElapsedTime(first) > Patience)
            {
                open.Remove(sessionId);
            }
        }
    }
}
