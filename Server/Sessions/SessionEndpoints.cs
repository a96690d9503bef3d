using Microsoft.AspNetCore.Http.HttpResults;

namespace QrLogin.Server.Sessions;

/// <summary>Who am I, and sign out; for PC and phone alike.</summary>
internal static class SessionEndpoints
{
    public static IEndpointRouteBuilder MapSessions(this IEndpointRouteBuilder routes)
    {
        var session = routes.MapGroup("/api/session").RequireSession();
        session.MapGet("", (Session caller) => TypedResults.Ok(SessionAnswer.Of(caller)));
        session.MapDelete("", SignOut);
        return session;
    }

    private static async Task<NoContent> SignOut(Session caller, SessionStore sessions, SessionCookie cookie, HttpContext context)
    {
        await sessions.SignOutAsync(caller);
        if (caller.IsWeb)
        {
            cookie.Delete(context.Response);
        }

        return TypedResults.NoContent();
    }
}

internal sealed record SessionAnswer(AccountView Account, SessionView Session)
{
    public static SessionAnswer Of(Session session) =>
        new(new AccountView(session.Username, session.DisplayName), new SessionView(session.Id, session.Kind, session.ExpiresIn));
}

internal sealed record AccountView(string Username, string DisplayName);

/// <param name="Id">Safe to show.</param>
/// <param name="Kind">web or mobile.</param>
/// <param name="ExpiresIn">Whole seconds; the smaller of what is left of the idle and of the absolute lifetime.</param>
internal sealed record SessionView(Guid Id, string Kind, int ExpiresIn);
