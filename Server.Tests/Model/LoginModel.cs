namespace QrLogin.Server.Tests.Model;

/// <summary>
/// The login of one account as PROTOCOL.md has it: says what the server must answer, as "status code", and what state that leaves. Its
/// clock stands still but for <see cref="Now"/>. Not thread-safe.
/// </summary>
internal sealed partial class LoginModel(IEnumerable<string> bound)
{
    public const string SessionRequired = "401 session_required";
    private const string Nobody = "404 no_live_connection";
    private const string TooMany = "429 too_many_requests";
    private const string InvalidTicket = "400 invalid_ticket";
    private const string NotFound = "404 not_found";
    private const int TicketLifetime = 60;

    public int Now { get; set; }

    public bool IsDisabled { get; set; }

    /// <summary>The account's identifiers now, as kind:value.</summary>
    public HashSet<string> Bound { get; } = [.. bound];

    public List<ModelSession> Sessions { get; } = [];

    public List<ModelAttempt> Attempts { get; } = [];

    public IEnumerable<ModelSession> Screens => Sessions.Where(each => each.IsConnected);

    /// <summary>The attempt that a page which connects now is told of.</summary>
    public ModelAttempt? Open => Attempts.LastOrDefault() is { } last && last.Gone(Now) is null ? last : null;

    public (string Answer, ModelAttempt? Attempt) Identify(string[] identifiers, string verifier)
    {
        var hasApp = identifiers.Any(each => each.StartsWith("app:", StringComparison.Ordinal) && Bound.Contains(each));
        if (!Screens.Any() || !identifiers.Any(Bound.Contains))
        {
            return (Nobody, null);
        }

        if (Open is { } open && (open.Verifier == verifier || (open.HasApp && !hasApp)))
        {
            return open.Verifier == verifier ? ("202", open) : (Nobody, null);
        }

        if (Attempts.Exists(each => (each.HasApp || !hasApp) && each.MutedAt > Now - 600))
        {
            return (Nobody, null);
        }

        int Since(int seconds) => Attempts.Count(each => each.HasApp == hasApp && each.CreatedAt > Now - seconds);
        if (Since(60) >= 3 || Since(3600) >= 30)
        {
            return (TooMany, null);
        }

        if (Open is { } superseded)
        {
            Tell(Screens, $"ended {superseded.Id} superseded");
        }

        if (Attempts.LastOrDefault() is { End: null } unended)
        {
            unended.End = "superseded"; // one that had expired too
        }

        var attempt = new ModelAttempt(identifiers, hasApp, verifier, Now);
        Attempts.Add(attempt);
        Show(attempt, Screens);
        return ("202", attempt);
    }

    public string Status(ModelAttempt? attempt, string verifier) =>
        attempt?.Verifier != verifier ? NotFound : attempt.Gone(Now) is { } gone ? $"410 {gone}" : "200";

    public (string Answer, ModelSession? Session) Scan(ModelCode? code, string verifier, string[] identifiers) => code is null
        ? (InvalidTicket, null)
        : Redeem(code, Math.Min(code.ExpiresAt, code.Attempt.ExpiresAt), "ticket_expired", verifier, identifiers);

    public (string Answer, ModelSession? Session) Type(ModelAttempt? attempt, string? typed, string verifier, string[] identifiers)
    {
        if (attempt is { WrongCodes: < 5 } && attempt.Codes.LastOrDefault(each => each.Typed == typed) is { } code)
        {
            return Redeem(code, attempt.ExpiresAt, "attempt_expired", verifier, identifiers);
        }

        if (attempt?.Verifier == verifier)
        {
            attempt.WrongCodes = Math.Min(5, attempt.WrongCodes + 1);
        }

        return (InvalidTicket, null);
    }

    private static void Tell(IEnumerable<ModelSession> screens, string message)
    {
        foreach (var screen in screens)
        {
            screen.Told.Add(message);
        }
    }

    private ModelCode[] Show(ModelAttempt attempt, IEnumerable<ModelSession> screens)
    {
        ModelCode[] codes = [.. screens.Select(each => new ModelCode(attempt, each, Now + TicketLifetime))];
        attempt.Codes.AddRange(codes);
        return codes;
    }

    private (string Answer, ModelSession? Session) Redeem(
        ModelCode code, int expiresAt, string expiry, string verifier, string[] identifiers)
    {
        var attempt = code.Attempt;
        var gone = attempt.End is not null ? attempt.Gone(Now)
            : !code.Pc.IsAlive ? "session_ended" : expiresAt <= Now ? expiry : null;
        if (verifier != attempt.Verifier)
        {
            if (gone is null && !code.IsWarned)
            {
                code.IsWarned = true;
                Tell(Screens.Where(each => each == code.Pc), $"warning {attempt.Id} wrong_phone");
            }

            return (InvalidTicket, null);
        }

        var isNamed = identifiers.All(attempt.Identifiers.Contains);
        if (gone is null && isNamed && identifiers.Any(Bound.Contains))
        {
            (attempt.End, attempt.RedeemedAt, attempt.Made) = ("redeemed", Now, new ModelSession(code.Pc));
            Sessions.Add(attempt.Made);
            Tell(Screens, $"ended {attempt.Id} redeemed");
            return ("200", attempt.Made);
        }

        var isRepeat = isNamed && attempt.Made is { IsAlive: true } && attempt.RedeemedAt > Now - 60;
        return isRepeat ? ("200", attempt.Made) : (gone is null ? InvalidTicket : $"410 {gone}", null);
    }
}
