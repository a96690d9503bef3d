using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace QrLogin.Server.Http;

/// <summary>
/// Every error that this server answers (RFC 9457), each with its stable <c>code</c>. Nothing in them depends on the inside, so answers
/// with one code are the same bytes.
/// </summary>
internal sealed record Problem(int Status, string Code, string Title, string Detail)
{
    public static readonly Problem InvalidRequest = new(400, "invalid_request", "The request is not valid.",
        "A member is missing or has the wrong form; errors names it.");
    public static readonly Problem UnsupportedProtocol = new(400, "unsupported_protocol", "The WebSocket subprotocol is not supported.",
        "Offer the subprotocol qrlogin.v1.");
    public static readonly Problem InvalidTicket = new(400, "invalid_ticket", "This code cannot be used.",
        "The code is unknown, used or expired, or belongs to another phone. Start again on this phone and scan the new code.");
    public static readonly Problem InvalidHandoff = new(400, "invalid_handoff", "This hand-off cannot be used.",
        "The code is unknown, used or expired. Let the site's backend ask for another.");
    public static readonly Problem SessionRequired = new(401, "session_required", "Nobody is signed in.",
        "The session is missing or has ended. Sign in.");
    public static readonly Problem ClientRequired = new(401, "client_required", "No client of the site calls.",
        "Send the client's name and secret by HTTP Basic; psql's admin.create_client makes them.");
    public static readonly Problem InvalidCredentials = new(401, "invalid_credentials", "The user name or the password is wrong.",
        "Check both and try again.");
    public static readonly Problem WebSessionRequired = new(403, "web_session_required", "Only a computer may do this.",
        "A phone's session cannot; do it where you signed in with your password.");
    public static readonly Problem ScopeRequired = new(403, "scope_required", "This client may not do this.",
        "It lacks the call's scope; psql's admin.set_client_scopes gives it.");
    public static readonly Problem AccountDisabled = new(403, "account_disabled", "The account is disabled.",
        "An administrator has disabled it here, or the site has: enable it first.");
    public static readonly Problem OriginNotAllowed = new(403, "origin_not_allowed", "The request does not come from an allowed page.",
        "Its Origin is not PublicOrigin or one of AllowedOrigins.");
    public static readonly Problem AccessDenied = new(403, "access_denied", "The sign-in was cancelled.",
        "The sign-in service was told so, or does not let this person in. Nobody was signed in.");
    public static readonly Problem NotFound = new(404, "not_found", "There is nothing here.",
        "The address or the id is unknown.");
    public static readonly Problem NoLiveConnection = new(404, "no_live_connection", "Nothing is connected for this phone.",
        "Sign in on your computer and leave the page open, then try again.");
    public static readonly Problem MethodNotAllowed = new(405, "method_not_allowed", "The address does not take this method.",
        "Allow names those that it takes.");
    public static readonly Problem IdentifierTaken = new(409, "identifier_taken", "Another account has this identifier.",
        "Nothing was changed. It has to be unbound there first.");
    public static readonly Problem TooManyBindings = new(409, "too_many_bindings", "The account has too many identifiers.",
        "Nothing was changed. Unbind those that are no longer used.");
    public static readonly Problem RequestTimeout = new(408, "request_timeout", "The request came too slowly.",
        "Send it again, all of it at once.");
    public static readonly Problem AlreadyRedeemed = new(410, "already_redeemed", "This code has already been used.",
        "Start again on this phone and scan the new code.");
    public static readonly Problem Declined = new(410, "declined", "The sign-in was declined on the computer.",
        "Nothing was signed in.");
    public static readonly Problem Superseded = new(410, "superseded", "A newer sign-in took the place of this one.",
        "Start again on this phone and scan the new code.");
    public static readonly Problem SessionEnded = new(410, "session_ended", "The computer was signed out.",
        "Sign in on the computer, then start again on this phone.");
    public static readonly Problem TicketExpired = new(410, "ticket_expired", "This code has expired.",
        "Scan the code that the computer shows now.");
    public static readonly Problem AttemptExpired = new(410, "attempt_expired", "This sign-in has expired.",
        "Start again on the phone.");
    public static readonly Problem SignInExpired = new(410, "sign_in_expired", "This sign-in is no longer good.",
        "It took too long, was used already, or was begun in another browser. Start again.");
    public static readonly Problem BodyTooLarge = new(413, "body_too_large", "The body is too large.",
        "It may have 8 KiB.");
    public static readonly Problem UnsupportedMediaType = new(415, "unsupported_media_type", "The body has the wrong media type.",
        "Send application/json; to /oauth/ application/x-www-form-urlencoded.");
    public static readonly Problem UpgradeRequired = new(426, "upgrade_required", "This address speaks WebSocket only.",
        "Open it as a WebSocket.");
    public static readonly Problem TooManyRequests = new(429, "too_many_requests", "Too many tries.",
        "Wait as many seconds as Retry-After says.");
    public static readonly Problem InternalError = new(500, "internal_error", "Something went wrong here.",
        "It has been logged. Try again later.");
    public static readonly Problem ProviderFailed = new(502, "provider_failed", "The sign-in service did not say who this is.",
        "What it answered cannot be used. Start again.");
    public static readonly Problem ProviderUnavailable = new(503, "provider_unavailable", "The sign-in service does not answer.",
        "Try again in as many seconds as Retry-After says.");
    public static readonly Problem Unavailable = new(503, "unavailable", "The service is not available at the moment.",
        "Try again in as many seconds as Retry-After says.");

    private static readonly Dictionary<int, Problem> ByStatus = new[]
    {
        InvalidRequest, SessionRequired, NotFound, MethodNotAllowed, RequestTimeout, BodyTooLarge, UnsupportedMediaType,
        UpgradeRequired, TooManyRequests, InternalError, Unavailable,
    }.ToDictionary(problem => problem.Status);

    private static readonly Dictionary<string, Problem> ByCode = new[]
    {
        InvalidTicket, NoLiveConnection, AlreadyRedeemed, Declined, Superseded, SessionEnded, TicketExpired, AttemptExpired,
        TooManyRequests,
    }.ToDictionary(problem => problem.Code);

    /// <summary>How long a client is asked to wait on a 503, in seconds.</summary>
    private const int RetryAfterUnavailable = 2;

    public ProblemHttpResult Result() => TypedResults.Problem(
        Detail, statusCode: Status, title: Title, type: Type, extensions: [KeyValuePair.Create<string, object?>("code", Code)]);

    /// <summary>As a call at this path answers it.</summary>
    public ProblemDetails At(PathString path)
    {
        var details = (this == InvalidRequest ? Result("$", "It is not the JSON that is expected here.") : Result()).ProblemDetails;
        SayInOAuth(details, path, Status);
        return details;
    }

    /// <summary>For 400 <c>invalid_request</c>, which names the member.</summary>
    public ProblemHttpResult Result(string member, string message)
    {
        var result = Result();
        result.ProblemDetails.Extensions["errors"] = new Dictionary<string, string[]> { [member] = [message] };
        return result;
    }

    /// <summary>For 429 and 503, which carry <c>Retry-After</c> in seconds.</summary>
    public ProblemHttpResult Result(HttpResponse response, int retryAfter)
    {
        SetRetryAfter(response, retryAfter);
        return Result();
    }

    /// <summary>Whether these are its words.</summary>
    public bool Is(ProblemDetails details) => details.Extensions.TryGetValue("code", out var code) && code is string text && text == Code;

    /// <summary>A refusal of the login flow, by its code.</summary>
    public static Problem Of(string code) => ByCode[code];

    /// <summary>Gives the framework's own problems (routing, binding, validation) our code and our words; ours have them already.</summary>
    public static void Complete(ProblemDetailsContext context)
    {
        var details = context.ProblemDetails;
        if (context.HttpContext is { Response.StatusCode: StatusCodes.Status413PayloadTooLarge, Request.Protocol: "HTTP/1.1" } large)
        {
            large.Response.Headers.Connection = "close"; // Kestrel does, as the body is not read; who is not told asks on it again
        }

        SayInOAuth(details, context.HttpContext.Request.Path, context.HttpContext.Response.StatusCode);
        if (details.Extensions.ContainsKey("code"))
        {
            return;
        }

        var status = details.Status ?? context.HttpContext.Response.StatusCode;
        var problem = ByStatus.GetValueOrDefault(status) ?? (status < 500 ? InvalidRequest : InternalError);
        (details.Type, details.Title, details.Status, details.Detail) = (problem.Type, problem.Title, status, problem.Detail);
        details.Extensions["code"] = problem.Code;
        if (details is HttpValidationProblemDetails validation)
        {
            validation.Errors = validation.Errors.ToDictionary(error => MemberPath(error.Key), error => error.Value);
        }
        else if (status == StatusCodes.Status400BadRequest)
        {
            details.Extensions.TryAdd("errors", WrongJson("$"));
        }

        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            SetRetryAfter(context.HttpContext.Response, RetryAfterUnavailable);
        }
    }

    /// <summary>The <c>errors</c> of a body that is not the JSON that is expected, at that path; <c>$</c> is all of it.</summary>
    public static Dictionary<string, string[]> WrongJson(string path) => new() { [path] = ["It is not the JSON that is expected here."] };

    private static void SetRetryAfter(HttpResponse response, int seconds) =>
        response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);

    /// <summary>RFC 6749 §5.2, for clients that read its words.</summary>
    private static void SayInOAuth(ProblemDetails details, PathString path, int status)
    {
        if (!path.StartsWithSegments("/oauth"))
        {
            return;
        }

        details.Extensions["error"] = status switch
        {
            StatusCodes.Status401Unauthorized => "invalid_client",
            StatusCodes.Status403Forbidden => "unauthorized_client",
            StatusCodes.Status429TooManyRequests or >= 500 => "temporarily_unavailable",
            _ => "invalid_request",
        };
        if (status == StatusCodes.Status400BadRequest)
        {
            details.Extensions["errors"] = new Dictionary<string, string[]> { ["token"] = ["Send one, in a form."] };
        }
    }

    private string Type => $"urn:qrlogin:problem:{Code}";

    /// <summary><c>Identifiers[0].Kind</c> as the client knows it: <c>identifiers[0].kind</c>.</summary>
    private static string MemberPath(string path) => string.Join('.', path.Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName));
}
