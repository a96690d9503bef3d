using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Model;

/// <summary>A session as it should be. <see cref="Id"/>, <see cref="Token"/> and <see cref="Page"/> are the server's.</summary>
internal sealed class ModelSession(ModelSession? parent)
{
    public ModelSession? Parent => parent;

    public bool IsWeb => parent is null;

    /// <summary>Why it ended, as <c>admin.sessions</c> has it; null while it lives.</summary>
    public string? End { get; set; }

    public bool IsAlive => End is null;

    /// <summary>Whether codes can be shown to it.</summary>
    public bool IsConnected => IsAlive && Page is not null;

    /// <summary>What its page must have been told, in this order.</summary>
    public List<string> Told { get; } = [];

    public string Id { get; set; } = "";

    /// <summary>The cookie of a PC, the bearer token of a phone.</summary>
    public string Token { get; set; } = "";

    public Page? Page { get; set; }
}

/// <summary>An attempt as it should be; times are seconds of <see cref="LoginModel.Now"/>.</summary>
internal sealed class ModelAttempt(string[] identifiers, bool hasApp, string verifier, int now)
{
    public const int Lifetime = 300;

    public string Id { get; set; } = "";

    public string[] Identifiers => identifiers;

    public bool HasApp => hasApp;

    public string Verifier => verifier;

    public int CreatedAt => now;

    public int ExpiresAt { get; set; } = now + Lifetime;

    /// <summary>redeemed, declined, superseded; null for one that is open or has expired.</summary>
    public string? End { get; set; }

    public int? RedeemedAt { get; set; }

    public int? MutedAt { get; set; }

    public int WrongCodes { get; set; }

    public int Extensions { get; set; }

    /// <summary>The session that it became.</summary>
    public ModelSession? Made { get; set; }

    public List<ModelCode> Codes { get; } = [];

    /// <summary>The code of 410 for who proves to be its phone, or to have it on the screen; null while it is open.</summary>
    public string? Gone(int at) => End switch
    {
        "redeemed" => "already_redeemed",
        null => ExpiresAt <= at ? "attempt_expired" : null,
        var end => end,
    };

    /// <summary>As <c>admin.attempts</c> has it.</summary>
    public string State(int at) => End ?? (ExpiresAt <= at ? "expired" : "open");
}

/// <summary>A QR code with its typed code, on one session's screens.</summary>
internal sealed class ModelCode(ModelAttempt attempt, ModelSession pc, int expiresAt)
{
    private string? ticket;

    public ModelAttempt Attempt => attempt;

    public ModelSession Pc => pc;

    public int ExpiresAt => expiresAt;

    public bool IsWarned { get; set; }

    /// <summary>The message that the page heard.</summary>
    public JsonNode Qr { get; set; } = null!;

    public string Typed => Qr["typedCode"]!.ToString();

    public string Ticket => ticket ??= Camera.TicketOf(Qr);
}
