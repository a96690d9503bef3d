using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Redeem;

/// <summary>What the phone got off the screen, as it is looked up: a ticket that it scanned, or the code that was typed on it.</summary>
/// <param name="Hash">The stored form, 32 bytes.</param>
/// <param name="AttemptId">The attempt that a typed code is said to belong to; null for a ticket, which is found by itself.</param>
internal sealed record SeenCode(byte[] Hash, Guid? AttemptId)
{
    public static SeenCode Scanned(Secret ticket) => new(ticket.Hash, null);

    public static SeenCode Typed(Guid attemptId, TypedCode code) => new(code.Hash(attemptId), attemptId);
}
