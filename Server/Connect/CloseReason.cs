using System.Net.WebSockets;

namespace QrLogin.Server.Connect;

/// <summary>Why the server closes a socket: RFC 6455 §7.4.1, and of its private range what the page acts on.</summary>
internal sealed record CloseReason(WebSocketCloseStatus Code, string Text)
{
    public static readonly CloseReason ByPeer = new(WebSocketCloseStatus.NormalClosure, "");
    public static readonly CloseReason GoingAway = new(WebSocketCloseStatus.EndpointUnavailable, "server is going away");
    public static readonly CloseReason DataReceived = new(WebSocketCloseStatus.PolicyViolation, "the server only speaks");
    public static readonly CloseReason TooMuch = new(WebSocketCloseStatus.PolicyViolation, "sends too much");
    public static readonly CloseReason ProtocolError = new(WebSocketCloseStatus.ProtocolError, "not a frame of RFC 6455");
    public static readonly CloseReason TooSlow = new(WebSocketCloseStatus.PolicyViolation, "reads too slowly");
    public static readonly CloseReason SessionEnded = new((WebSocketCloseStatus)4401, "session ended");
    public static readonly CloseReason Crowded = new((WebSocketCloseStatus)4409, "too many connections");

    public static readonly CloseReason[] All =
        [ByPeer, GoingAway, ProtocolError, DataReceived, TooMuch, TooSlow, SessionEnded, Crowded];
}
