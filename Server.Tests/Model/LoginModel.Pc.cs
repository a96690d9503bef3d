namespace QrLogin.Server.Tests.Model;

/// <summary>What the PC may do, and what ends sessions.</summary>
internal sealed partial class LoginModel
{
    public (string Answer, ModelCode[] Codes) Fresh(ModelSession? pc, ModelAttempt? attempt)
    {
        var refusal = Refusal(pc, attempt) ?? (!pc!.IsConnected ? Nobody : attempt!.Gone(Now) is { } gone ? $"410 {gone}"
            : attempt.Codes.Count(each => each.Pc == pc) >= 8 * (1 + attempt.Extensions) ? TooMany : null);
        return refusal is null ? ("204", Show(attempt!, [pc!])) : (refusal, []);
    }

    public (string Answer, ModelCode[] Codes) Extend(ModelSession? pc, ModelAttempt? attempt)
    {
        if ((Refusal(pc, attempt) ?? (attempt!.Gone(Now) is { } gone ? $"410 {gone}" : null)) is { } refusal)
        {
            return (refusal, []);
        }

        if (attempt!.ExpiresAt > Now + 240)
        {
            return ("204", []);
        }

        if (attempt.Extensions >= 10)
        {
            return (TooMany, []);
        }

        (attempt.ExpiresAt, attempt.Extensions) = (Now + ModelAttempt.Lifetime, attempt.Extensions + 1);
        return ("204", Show(attempt, Screens));
    }

    public string Decline(ModelSession? pc, ModelAttempt? attempt)
    {
        if (Refusal(pc, attempt) is { } refusal)
        {
            return refusal;
        }

        if (attempt!.End is null)
        {
            attempt.End = "declined"; // one that has expired too
            Tell(Screens, $"ended {attempt.Id} declined");
        }

        attempt.MutedAt = Now;
        EndAll([attempt.Made], "declined");
        return "204";
    }

    /// <summary>A PC signs in; the session that its cookie stands for is replaced.</summary>
    public (string Answer, ModelSession? Session) SignIn(ModelSession? replaced)
    {
        if (IsDisabled)
        {
            return ("401 invalid_credentials", null);
        }

        if (replaced?.End is null or "expired")
        {
            replaced?.End = "replaced";
        }

        var session = new ModelSession(null);
        Sessions.Add(session);
        return ("200", session);
    }

    public string End(ModelSession? pc, ModelSession? session, bool admittedToo)
    {
        if (pc is not { IsAlive: true })
        {
            return SessionRequired;
        }

        if (session is null || !(session.IsAlive || admittedToo))
        {
            return NotFound;
        }

        EndAll(Sessions.Where(each => each == session || (admittedToo && each.Parent == session)), "ended");
        return "204";
    }

    public static void EndAll(IEnumerable<ModelSession?> sessions, string reason)
    {
        foreach (var session in sessions)
        {
            session?.End ??= reason;
        }
    }

    private static string? Refusal(ModelSession? pc, ModelAttempt? attempt) =>
        pc is not { IsAlive: true } ? SessionRequired : attempt is null ? NotFound : null;
}
