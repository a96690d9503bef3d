using Microsoft.Extensions.Options;
using QrLogin.Server.Connect;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Present;

/// <summary>Step 3: what the PC's screens show of an attempt. Safe for concurrent use; nothing here waits for a socket.</summary>
internal sealed class Presenter(BrowserConnections connections, AuditTrail audit, IOptions<SiteOptions> site)
{
    /// <summary>A ticket for each session of an account on whose screens one can be shown now, but for those that have one.</summary>
    public Ticket[] Tickets(Guid attemptId, Guid accountId, params Ticket[] besides)
    {
        var tickets = new List<Ticket>();
        foreach (var page in connections.OfAccount(accountId))
        {
            bool IsItsOwn(Ticket each) => each.SessionId == page.SessionId;
            if (!tickets.Exists(IsItsOwn) && !Array.Exists(besides, IsItsOwn))
            {
                tickets.Add(Ticket.For(attemptId, page));
            }
        }

        return [.. tickets];
    }

    /// <summary>A ticket for this session; null when no page of it is connected.</summary>
    public Ticket? TicketFor(Guid attemptId, Guid sessionId) =>
        connections.OfSession(sessionId) is [var page, ..] ? Ticket.For(attemptId, page) : null;

    /// <summary>Draws a ticket, <c>{PublicOrigin}/q#{ticket}</c>, and pushes it to every connection of its session.</summary>
    /// <returns>Whether a socket took it.</returns>
    public bool Show(Ticket ticket, AttemptOnScreen attempt)
    {
        var image = QrImage.DataUri($"{site.Value.PublicOrigin}/q#{ticket.Secret.Text}");
        var pages = connections.OfSession(ticket.SessionId);
        var isTaken = Push(pages, new QrMessage(
            attempt.Id, image, ticket.TypedCode.Text, attempt.TicketExpiresIn, attempt.ExpiresIn, attempt.CheckCode, attempt.Device));
        if (isTaken)
        {
            audit.Record(new AuditEvent(AuditEvent.Server, "show", null)
            {
                AccountId = pages[0].AccountId,
                SessionId = ticket.SessionId,
                AttemptId = attempt.Id,
            });
        }

        return isTaken;
    }

    /// <summary>Another phone has tried the code on this session's screen.</summary>
    public void Warn(Guid sessionId, Guid attemptId) =>
        Push(connections.OfSession(sessionId), new WarningMessage(attemptId, WarningMessage.WrongPhone));

    /// <summary>The attempt became this session; all screens of the account are told.</summary>
    public void Redeemed(Guid accountId, Guid attemptId, Guid sessionId, Device device)
    {
        End(accountId, new EndedMessage(attemptId, EndedMessage.Redeemed, new AdmittedSession(sessionId, device)));
        Push(connections.OfAccount(accountId), SessionsMessage.Utf8);
    }

    /// <summary>A newer attempt took its place; all screens of the account are told.</summary>
    public void Superseded(Guid accountId, Guid attemptId) => End(accountId, new EndedMessage(attemptId, EndedMessage.Superseded));

    /// <summary>Somebody at a PC said "not me"; all screens of the account are told.</summary>
    public void Declined(Guid accountId, Guid attemptId) => End(accountId, new EndedMessage(attemptId, EndedMessage.Declined));

    private void End(Guid accountId, EndedMessage message) => Push(connections.OfAccount(accountId), message);

    private static bool Push(BrowserConnection[] to, PushMessage message) => to.Length > 0 && Push(to, message.ToUtf8());

    private static bool Push(BrowserConnection[] to, byte[] message)
    {
        var isTaken = false;
        foreach (var connection in to)
        {
            isTaken |= connection.TrySend(message);
        }

        return isTaken;
    }
}

/// <param name="ExpiresIn">Of the attempt, whole seconds.</param>
/// <param name="TicketExpiresIn">Of the code on the screen, whole seconds.</param>
/// <param name="CheckCode">Two digits that both screens show.</param>
internal sealed record AttemptOnScreen(Guid Id, int ExpiresIn, int TicketExpiresIn, string CheckCode, AttemptDevice Device);
