using QrLogin.Server.Bindings;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Connect;

/// <summary>Holds a socket from its welcome to its end: registered all that time, and true to the database from its first moment.</summary>
internal sealed class ConnectionHost(
    BrowserConnections connections, ArrivalStore arrivals, ChangeFeed feed, ConnectionKeeper keeper, TimeProvider time)
{
    /// <returns>False, without having accepted anything, when the session has ended meanwhile.</returns>
    public async Task<bool> HoldAsync(Session session, HttpContext context, string subprotocol)
    {
        var version = feed.Version;
        if (await arrivals.ReadAsync(session) is not { } arrival)
        {
            return false;
        }

        var expiresAt = time.GetTimestamp() + (session.ExpiresIn * time.TimestampFrequency);
        var socket = await context.WebSockets.AcceptWebSocketAsync(subprotocol);
        using var connection = new BrowserConnection(socket, session.Id, session.AccountId, expiresAt);
        try
        {
            Register(connection, arrival.Identifiers);
            if (feed.Version != version)
            {
                keeper.Check([session.AccountId], sessionsToo: true); // something changed between the read and the registration
            }

            await connection.RunAsync(Welcome(connection.Id, session, arrival).ToUtf8());
        }
        finally
        {
            connections.Remove(connection);
        }

        return true;
    }

    private void Register(BrowserConnection connection, Identifier[] identifiers)
    {
        if (!connections.TryAdd(connection, identifiers))
        {
            connection.Close(CloseReason.GoingAway);
        }
    }

    private static WelcomeMessage Welcome(Guid connectionId, Session session, Arrival arrival) => new(
        connectionId, new AccountView(session.Username, session.DisplayName),
        MaskedIdentifier.Of(arrival.Identifiers), arrival.OpenAttempts, arrival.Recent);
}
