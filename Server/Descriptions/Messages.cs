using QrLogin.Server.Bindings;
using QrLogin.Server.Connect;
using QrLogin.Server.Sessions;

namespace QrLogin.Server.Descriptions;

/// <summary>Every message of the socket: when it comes, and one as it can be.</summary>
internal static class Messages
{
    private static readonly Guid Attempt = Guid.Parse("0199a3f4-5c1e-7a60-8b1d-3f2e9c7d6a10");
    private static readonly AttemptDevice Phone = new("Pixel 10", "Android 17", "192.0.2.7");
    private static readonly MaskedIdentifier[] Identifiers = [MaskedIdentifier.Example];
    private static readonly AdmittedSession Session =
        new(Guid.Parse("0199a3f4-7d2b-7c11-9f04-6b8e1a2c3d40"), new Device("Pixel 10", "Android 17"));

    public static readonly (string When, PushMessage Example)[] All =
    [
        ("First; nothing precedes it.", new WelcomeMessage(
            Guid.Parse("0199a3f1-0a0b-7c0d-8e0f-101112131415"), AccountView.Example, Identifiers,
            [new OpenAttempt(Attempt, 212, "47", Phone, "7KQ4-9XWD")],
            [new RecentAttempt(Guid.Parse("0199a3f2-3c4d-7e5f-8a6b-7c8d9e0f1a2b"), Session, Phone, DateTime.UnixEpoch.AddDays(20_417))])),
        ("A phone asked, or a fresh code or more time was asked for.", new QrMessage(
            Attempt, "data:image/png;base64,iVBORw0KGgo=", "7KQ4-9XWD", 60, 300, "47", Phone)),
        ("Another phone tried the ticket or its typed code.", new WarningMessage(Attempt, WarningMessage.WrongPhone)),
        ("The attempt is over.", new EndedMessage(Attempt, EndedMessage.Redeemed, Session)),
        ("The account's bindings changed.", new IdentifiersMessage(Identifiers)),
        ("The account's sessions changed (a sign-in, a redeem, an end): fetch the list again.", new SessionsMessage()),
    ];
}
