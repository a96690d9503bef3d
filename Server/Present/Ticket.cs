using QrLogin.Server.Connect;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Present;

/// <summary>The one-time secret inside a QR code, for one attempt and PC session, 16 random bytes; and the code to type.</summary>
internal sealed record Ticket(Guid SessionId, Secret Secret, TypedCode TypedCode)
{
    /// <summary>In seconds; never longer than its attempt.</summary>
    public const int Lifetime = 60;

    /// <summary>Of an attempt, in seconds; the PC's user may give it as much again.</summary>
    public const int AttemptLifetime = 300;

    /// <summary>Who has more seconds left than this need not be given any.</summary>
    public const int EnoughTime = 240;

    private const int Length = 16;

    public static Ticket For(Guid attemptId, BrowserConnection page) =>
        new(page.SessionId, Secret.New(Length), TypedCode.For(attemptId, page.SessionKey));

    /// <summary>For no session: only as much work as any other, where nobody is found.</summary>
    public static Ticket ForNobody(Guid attemptId)
    {
        var secret = Secret.New(Length);
        return new(Guid.Empty, secret, TypedCode.For(attemptId, secret));
    }

    public static Secret? Parse(string? text) => Secret.TryParse(text, Length, out var secret) ? secret : null;
}
