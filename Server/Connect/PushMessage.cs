using System.Text.Json;
using System.Text.Json.Serialization;
using QrLogin.Server.Bindings;
using QrLogin.Server.Http;
using QrLogin.Server.Sessions;

namespace QrLogin.Server.Connect;

/// <summary>
/// What the server says on a socket: one JSON object a text message, told apart by <c>type</c>. Lifetimes are whole seconds from now.
/// </summary>
internal abstract record PushMessage([property: JsonPropertyOrder(-1)] string Type)
{
    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, GetType(), PushMessageJson.Default);
}

/// <summary>The first message on every socket.</summary>
/// <param name="ConnectionId">For the log.</param>
/// <param name="Identifiers">By which phones find this PC.</param>
/// <param name="OpenAttempts">Phones that are asking now.</param>
/// <param name="Recent">Attempts redeemed in the last 10 minutes, newest first, ended since or not.</param>
internal sealed record WelcomeMessage(
    Guid ConnectionId, AccountView Account, MaskedIdentifier[] Identifiers, OpenAttempt[] OpenAttempts, RecentAttempt[] Recent)
    : PushMessage("welcome");

/// <summary>A phone asks: the code to show, as an image and as characters to type, and who asks.</summary>
/// <param name="Image">A <c>data:image/png</c> URI.</param>
/// <param name="ExpiresIn">Of the code in the image, whole seconds.</param>
/// <param name="AttemptExpiresIn">Of the attempt and its typed code, whole seconds.</param>
/// <param name="CheckCode">Two digits, which the phone shows too.</param>
internal sealed record QrMessage(
    Guid AttemptId, string Image, string TypedCode, int ExpiresIn, int AttemptExpiresIn, string CheckCode, AttemptDevice Device)
    : PushMessage("qr");

/// <summary>A phone other than the one that asked has tried the code.</summary>
internal sealed record WarningMessage(Guid AttemptId, [property: Wire(WarningMessage.WrongPhone)] string Reason) : PushMessage("warning")
{
    public const string WrongPhone = "wrong_phone";
}

/// <summary>The attempt is over; with the session that it became, if it did.</summary>
internal sealed record EndedMessage(
    Guid AttemptId,
    [property: Wire(EndedMessage.Redeemed, EndedMessage.Declined, EndedMessage.Superseded)] string Outcome,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AdmittedSession? Session = null)
    : PushMessage("ended")
{
    public const string Redeemed = "redeemed";
    public const string Declined = "declined";
    public const string Superseded = "superseded";
}

/// <summary>The account's bindings have changed.</summary>
internal sealed record IdentifiersMessage(MaskedIdentifier[] Identifiers) : PushMessage("identifiers");

/// <summary>The account's sessions have changed: fetch the list again.</summary>
internal sealed record SessionsMessage() : PushMessage("sessions")
{
    /// <summary>It says nothing else, so it is always the same.</summary>
    public static readonly byte[] Utf8 = new SessionsMessage().ToUtf8();
}

/// <summary>An attempt that a fresh code can be asked for; where this session has had all of them, its typed code still serves.</summary>
internal sealed record OpenAttempt(
    Guid AttemptId, int ExpiresIn, string CheckCode, AttemptDevice Device,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? TypedCode);

/// <summary>An attempt that became a session lately; the time is UTC.</summary>
internal sealed record RecentAttempt(Guid AttemptId, AdmittedSession Session, AttemptDevice Device, DateTime RedeemedAt);

/// <summary>The phone's session that an attempt became.</summary>
internal sealed record AdmittedSession(Guid Id, Device Device);

/// <summary>Who asks: the phone's own claims, and the address that the server saw.</summary>
internal sealed record AttemptDevice(string? Name, string? Platform, string Address);

/// <summary>Serializes the messages without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(WelcomeMessage))]
[JsonSerializable(typeof(QrMessage))]
[JsonSerializable(typeof(WarningMessage))]
[JsonSerializable(typeof(EndedMessage))]
[JsonSerializable(typeof(IdentifiersMessage))]
[JsonSerializable(typeof(SessionsMessage))]
internal sealed partial class PushMessageJson : JsonSerializerContext;
