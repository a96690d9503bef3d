using System.Net;

namespace QrLogin.Server.Storage;

/// <summary>
/// Something that happened, for the audit trail: ids, addresses and our own words. Never a secret, nor what was typed as a user name
/// (people type passwords there), nor a full identifier.
/// </summary>
/// <param name="Actor">Who: one of the four below.</param>
/// <param name="Name">What was asked for, as <c>sign_in</c>.</param>
/// <param name="Address">From where; null where the server acted by itself.</param>
internal sealed record AuditEvent(string Actor, string Name, IPAddress? Address)
{
    public const string Computer = "computer";
    public const string Phone = "phone";
    public const string Client = "client";
    public const string Server = "server";

    /// <summary>Why it was refused: the problem's code. Null where it was done.</summary>
    public string? Why { get; init; }

    /// <summary>An account that exists.</summary>
    public Guid? AccountId { get; init; }

    /// <summary>The session that acted, or was made; see <c>db/009_audit.sql</c>.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>An attempt that exists.</summary>
    public Guid? AttemptId { get; init; }
    public string? Detail { get; init; }

    /// <summary>For what a client can cause without end: one row an address and minute. Refusals by limit are so anyway.</summary>
    public bool OncePerMinute { get; init; }
}
