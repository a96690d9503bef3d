namespace QrLogin.Server.Present;

/// <summary>Fresh codes of an attempt, on all screens of its account that show none. Safe for concurrent use.</summary>
internal sealed class Screens(Presenter presenter, ScreenStore store)
{
    /// <param name="besides">Those that are shown already.</param>
    /// <returns>Whether a socket took one.</returns>
    public async Task<bool> ShowAsync(Guid attemptId, Guid accountId, params Ticket[] besides)
    {
        var isShown = false;
        foreach (var ticket in presenter.Tickets(attemptId, accountId, besides))
        {
            var code = await store.RefreshAsync(attemptId, accountId, ticket.SessionId, ticket);
            isShown |= code?.Outcome == FreshCode.Shown && presenter.Show(ticket, code.OnScreen(attemptId));
        }

        return isShown;
    }
}
