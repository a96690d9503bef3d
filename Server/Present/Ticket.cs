using QrLogin.Server.Storage;

namespace QrLogin.Server.Present;

/// <summary>The one-time secret inside a QR code, made for one PC session: 16 random bytes.</summary>
internal sealed record Ticket(Guid SessionId, Secret Secret)
{
    /// <summary>In seconds; never longer than its attempt.</summary>
    public const int Lifetime = 60;

    private const int Length = 16;

    public static Ticket For(Guid sessionId) => new(sessionId, Secret.New(Length));

    public static Secret? Parse(string? text) => Secret.TryParse(text, Length, out var secret) ? secret : null;
}
