using System.ComponentModel.DataAnnotations;

namespace QrLogin.Server.Http;

/// <summary>How much of what is too much. The keys stand below <c>Limits</c>; a wrong value refuses to start.</summary>
internal sealed class LimitOptions
{
    public const string Section = "Limits";

    /// <summary>Attempts that an account may have, those with a bound <c>app</c> identifier counted apart.</summary>
    [Range(1, 10_000)]
    public int AttemptsPerMinute { get; init; } = 3;

    /// <inheritdoc cref="AttemptsPerMinute"/>
    [Range(1, 100_000)]
    public int AttemptsPerHour { get; init; } = 30;

    /// <summary>How long after "not me" the address is not heard.</summary>
    [Range(1, 10_080)]
    public int MuteMinutes { get; init; } = 10;

    /// <summary>Identifies that are worked on at a time, overall; as many again wait.</summary>
    [Range(1, 10_000)]
    public int IdentifiesAtATime { get; init; } = 100;

    /// <summary>Identifies of one address that found nobody.</summary>
    [Range(1, 1_000_000)]
    public int IdentifyMissesPerMinute { get; init; } = 60;

    /// <summary>Redeems of one address that were refused as <c>invalid_ticket</c>; and, apart, status calls about no attempt.</summary>
    [Range(1, 1_000_000)]
    public int RedeemFailuresPerMinute { get; init; } = 60;

    /// <summary>Handshakes of one address at <c>/connect</c> that failed to authenticate.</summary>
    [Range(1, 1_000_000)]
    public int HandshakeFailuresPerMinute { get; init; } = 200;

    /// <summary>Calls of one address that came with a wrong secret of a client.</summary>
    [Range(1, 1_000_000)]
    public int ClientFailuresPerMinute { get; init; } = 60;

    /// <summary>Identifiers that a client or a provider may bind to one account.</summary>
    [Range(1, 1_000)]
    public int BindingsPerAccount { get; init; } = 64;

    /// <summary>Failed sign-ins of one user name from one address.</summary>
    [Range(1, 10_000)]
    public int SignInFailuresPerMinute { get; init; } = 5;

    /// <summary>Failed sign-ins of one user name from anywhere.</summary>
    [Range(1, 1_000_000)]
    public int AccountSignInFailuresPerMinute { get; init; } = 100;

    /// <summary>Answers of the OpenID Connect provider, brought from one address, that signed nobody in.</summary>
    [Range(1, 1_000_000)]
    public int OidcFailuresPerMinute { get; init; } = 60;

    /// <summary>Passwords that are checked at a time: each keeps a processor busy for a third of a second.</summary>
    [Range(1, 64)]
    public int PasswordsAtATime { get; init; } = 2;

    /// <summary>How long a sign-in waits for its turn.</summary>
    [Range(1, 10)]
    public int PasswordWaitSeconds { get; init; } = 2;
}
