using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Clients;

/// <summary>A program of the site, as its request has proved it; a parameter of this type is that caller.</summary>
internal sealed record Client
{
    public required Guid Id { get; init; }

    /// <summary>Also the issuer of the accounts that it makes.</summary>
    public required string Name { get; init; }

    /// <summary>Out of <see cref="ClientScope"/>.</summary>
    public required string[] Scopes { get; init; }

    /// <summary>What it asks for, as the audit trail has it.</summary>
    public AuditEvent Asks(string name, HttpContext context) =>
        new(AuditEvent.Client, name, ClientAddress.Of(context)) { Detail = $"by {Name}" };

    /// <summary>Minimal APIs' binding; <see cref="ClientAuthentication"/> has put it there, or the call was refused.</summary>
    public static ValueTask<Client?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Client>());
}

/// <summary>What a client may do; the column <c>client.scopes</c>.</summary>
internal static class ClientScope
{
    /// <summary>Sign its users' computers in and out, and disable or erase their accounts here.</summary>
    public const string Sessions = "sessions";

    /// <summary>Bind identifiers that the site has verified.</summary>
    public const string Bindings = "bindings";

    /// <summary>Ask whose a phone's token is.</summary>
    public const string Introspect = "introspect";

    /// <summary>End a phone's session by its token.</summary>
    public const string Revoke = "revoke";
}
