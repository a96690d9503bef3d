namespace QrLogin.Server.Sessions;

/// <summary>A live session, as the caller of a request has proved it; a parameter of this type is that caller.</summary>
internal sealed record Session
{
    public required Guid Id { get; init; }
    public required string Kind { get; init; }
    public required Guid AccountId { get; init; }
    public required string Username { get; init; }
    public required string DisplayName { get; init; }

    /// <summary>Whole seconds until it ends by itself.</summary>
    public required int ExpiresIn { get; init; }

    public bool IsWeb => Kind == SessionKind.Web;

    /// <summary>Minimal APIs' binding; <see cref="SessionAuthentication"/> has put it there, or the call was refused.</summary>
    public static ValueTask<Session?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Session>());
}

/// <summary>The column <c>session.kind</c>.</summary>
internal static class SessionKind
{
    /// <summary>A PC's, in a cookie; 12 h.</summary>
    public const string Web = "web";

    /// <summary>A phone's, a bearer token; 30 d idle, 90 d at most.</summary>
    public const string Mobile = "mobile";
}
