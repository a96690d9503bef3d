using System.Net.WebSockets;
using QrLogin.Server.Bindings;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Connect;

/// <summary>
/// Holds a socket from its welcome to its end. It is registered before its state is read, and holds back what is pushed until the welcome
/// is sent: so whatever happens meanwhile either stands in the welcome or follows it.
/// </summary>
internal sealed class ConnectionHost(
    BrowserConnections connections, WelcomeStore welcomes, ChangeFeed feed, ConnectionKeeper keeper, SessionCookie cookie,
    TimeProvider time)
{
    public async Task HoldAsync(Session session, HttpContext context, string subprotocol)
    {
        var expiresAt = time.GetTimestamp() + (session.ExpiresIn * time.TimestampFrequency);
        var socket = await context.WebSockets.AcceptWebSocketAsync(subprotocol);
        var sessionKey = cookie.Read(context.Request)!.For("session key"u8); // a web session was found by no other token
        using var connection = new BrowserConnection(socket, session.Id, session.AccountId, sessionKey, expiresAt);
        var inbound = InboundFeature.StreamOf(context);
        inbound.Refused = connection.Close;
        try
        {
            if (!connections.TryAdd(connection))
            {
                connection.Close(CloseReason.GoingAway);
            }

            await connection.RunAsync(await WelcomeAsync(connection, session));
        }
        finally
        {
            connections.Remove(connection);
        }

        if (socket.State != WebSocketState.Closed)
        {
            await inbound.DrainAsync();
        }
    }

    /// <summary>Reads what the page has to know, and indexes the connection by its account's identifiers.</summary>
    /// <returns>Null when PostgreSQL does not answer: the page comes again, as after a server that went away.</returns>
    private async Task<byte[]?> WelcomeAsync(BrowserConnection connection, Session session)
    {
        var version = feed.Version;
        WelcomeState state;
        try
        {
            state = await welcomes.ReadAsync(session, connection.SessionKey);
        }
        catch (DatabaseUnavailableException)
        {
            connection.Close(CloseReason.GoingAway);
            return null;
        }

        if (!state.IsAlive)
        {
            connection.Close(CloseReason.SessionEnded);
        }

        connections.Reindex(connection, state.Identifiers);
        if (feed.Version != version)
        {
            keeper.Check([session.AccountId], sessionsToo: false); // a newer read may have come before this one
        }

        return new WelcomeMessage(
            connection.Id, new AccountView(session.Username, session.DisplayName),
            MaskedIdentifier.Of(state.Identifiers), state.OpenAttempts, state.Recent).ToUtf8();
    }
}
