using System.ComponentModel;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Sessions;

/// <summary>Step 5: both are signed in. Who am I and sign out, the account's sessions and their end.</summary>
internal static class SessionEndpoints
{
    private const string GoneCookie = "Deletes the cookie, where it is the caller's own session.";

    public static IEndpointRouteBuilder MapSessions(this IEndpointRouteBuilder routes)
    {
        routes.MapRead("/computer/visitor.js", Visitor)
            .Answers(200, "text/javascript").Describe("For the PC's page: whether to ask who is signed in.");

        var either = routes.MapGroup("/api").RequireSession();
        either.MapGet("/session", (Session caller) => TypedResults.Ok(SessionResponse.Of(caller)))
            .WithName("WhoAmI").Describe("Who is signed in, and in what session.").Examples(SessionResponse.Example);
        either.MapDelete("/session", SignOut)
            .Describe("Signs this session out.").AnswersWith(204, "Set-Cookie", GoneCookie, always: false);
        either.MapGet("/sessions", List)
            .Describe("The account's live sessions, newest first.").Examples(new SessionListResponse([ListedSession.Example]));

        var pc = routes.MapGroup("/api").RequireWebSession();
        pc.MapDelete("/sessions/{id:guid}", End)
            .Describe("Ends a session of the account; with `admitted=true` also those that it admitted.",
                Problem.InvalidRequest, Problem.NotFound)
            .AnswersWith(204, "Set-Cookie", GoneCookie, always: false);
        return routes;
    }

    /// <summary>
    /// Tells the PC's page whether to ask who is signed in: a browser's console reports each 401 as an error, and a first visit has none;
    /// and what the site's OpenID Connect provider is called, where there is one.
    /// </summary>
    private static ContentHttpResult Visitor(SessionCookie cookie, IOptions<OidcOptions> oidc, HttpContext context) => TypedResults.Text(
        $"""
        export const mayBeSignedIn = {(cookie.Read(context.Request) is null ? "false" : "true")};
        export const provider = {JsonSerializer.Serialize(oidc.Value.Title)};

        """, "text/javascript");

    private static async Task<NoContent> SignOut(
        Session caller, SessionStore sessions, SessionCookie cookie, AuditTrail audit, HttpContext context)
    {
        await sessions.SignOutAsync(caller);
        audit.Record(Asked("sign_out", caller.Id, caller, context));
        if (caller.IsWeb)
        {
            cookie.Delete(context.Response);
        }

        return TypedResults.NoContent();
    }

    private static async Task<Ok<SessionListResponse>> List(Session caller, SessionStore sessions) =>
        TypedResults.Ok(new SessionListResponse(
            Array.ConvertAll(await sessions.ListAsync(caller.AccountId), row => ListedSession.Of(row, caller))));

    private static async Task<Results<NoContent, ProblemHttpResult>> End(
        Guid id, Session caller, SessionStore sessions, SessionCookie cookie, AuditTrail audit, HttpContext context,
        [Description("`true` for its phones too, even where it has ended itself.")] string? admitted = null)
    {
        if (admitted is not (null or "true" or "false"))
        {
            return Problem.InvalidRequest.Result(nameof(admitted), "Give true, or leave it out.");
        }

        if (!await sessions.EndAsync(caller.AccountId, id, "ended", admittedToo: admitted == "true"))
        {
            audit.Record(Asked("end_session", null, caller, context) with { Why = Problem.NotFound.Code, OncePerMinute = true });
            return Problem.NotFound.Result();
        }

        audit.Record(Asked("end_session", id, caller, context) with
        {
            Detail = (admitted == "true" ? "and those that it admitted, " : "") + $"by session {caller.Id}",
        });

        if (id == caller.Id)
        {
            cookie.Delete(context.Response);
        }

        return TypedResults.NoContent();
    }

    private static AuditEvent Asked(string name, Guid? sessionId, Session caller, HttpContext context) =>
        new(caller.IsWeb ? AuditEvent.Computer : AuditEvent.Phone, name, ClientAddress.Of(context))
        {
            AccountId = caller.AccountId,
            SessionId = sessionId,
        };
}

/// <summary>Who is signed in, and in what session.</summary>
internal sealed record SessionResponse(AccountView Account, SessionView Session)
{
    public static readonly SessionResponse Example = new(AccountView.Example, new SessionView(
        Guid.Parse("0199a3f0-1111-7222-8333-444455556666"), SessionKind.Web, 43_200));

    public static SessionResponse Of(Session session) =>
        new(new AccountView(session.Username, session.DisplayName), new SessionView(session.Id, session.Kind, session.ExpiresIn));
}

/// <summary>An account as its user sees it.</summary>
internal sealed record AccountView(string Username, string DisplayName)
{
    public static readonly AccountView Example = new("alice", "Alice");
}

/// <param name="Id">Safe to show.</param>
/// <param name="Kind">web or mobile.</param>
/// <param name="ExpiresIn">Whole seconds; the smaller of what is left of the idle and of the absolute lifetime.</param>
internal sealed record SessionView(Guid Id, [property: Wire(SessionKind.Web, SessionKind.Mobile)] string Kind, int ExpiresIn);

/// <param name="Sessions">Live ones only, newest first.</param>
internal sealed record SessionListResponse(ListedSession[] Sessions);

/// <param name="Current">Whether it is the caller's own.</param>
/// <param name="ParentId">The PC session that admitted a phone; null for a PC's.</param>
/// <param name="CreatedAt">UTC, as RFC 3339.</param>
/// <param name="LastSeenAt">UTC, as RFC 3339; a minute late at most.</param>
internal sealed record ListedSession(
    Guid Id, [property: Wire(SessionKind.Web, SessionKind.Mobile)] string Kind, bool Current, Guid? ParentId, Device Device, string Address,
    DateTime CreatedAt, DateTime LastSeenAt, int ExpiresIn)
{
    public static readonly ListedSession Example = new(
        Guid.Parse("0199a3f4-7d2b-7c11-9f04-6b8e1a2c3d40"), SessionKind.Mobile, false, Guid.Parse("0199a3f0-1111-7222-8333-444455556666"),
        new Device("Pixel 10", "Android 17"), "192.0.2.7",
        DateTime.UnixEpoch.AddDays(20_417), DateTime.UnixEpoch.AddDays(20_418), 2_592_000);

    public static ListedSession Of(SessionRow row, Session caller) => new(
        row.Id, row.Kind, row.Id == caller.Id, row.ParentId, new Device(row.DeviceName, row.DevicePlatform), row.Address,
        row.CreatedAt, row.LastSeenAt, row.ExpiresIn);
}
