using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Bindings;

/// <summary>
/// Which identifiers an account has. The server may change only those of accounts with an issuer, and tells the audit trail. Safe for
/// concurrent use.
/// </summary>
internal sealed class BindingStore(Database database, AuditTrail audit, IOptions<LimitOptions> limits)
{
    /// <returns>The identifiers that are bound, the oldest first.</returns>
    public async Task<BindingRow[]> ListAsync(Guid accountId) => [.. await database.RunAsync(
        connection => connection.QueryAsync<BindingRow>(
            "select kind, value, label, created_at from binding where account_id = @accountId order by created_at, key",
            new { accountId }))];

    /// <summary>Binds it, unless another account has it, or gives its binding another label.</summary>
    /// <param name="label">Null leaves it as it is.</param>
    /// <param name="asked">Who does it, from where, with whose word.</param>
    /// <returns>Why not; null where it is bound to this account now.</returns>
    public async Task<Problem?> AddAsync(Guid accountId, Identifier identifier, string? label, AuditEvent asked)
    {
        var outcome = await database.RunAsync(connection => connection.ExecuteScalarAsync<string?>(
            "select bind_for_site(@accountId, @kind, @value, @label, @atMost)",
            new { accountId, identifier.Kind, identifier.Value, label, atMost = limits.Value.BindingsPerAccount }));
        var refusal = outcome switch
        {
            null => Problem.NotFound,
            "taken" => Problem.IdentifierTaken,
            "full" => Problem.TooManyBindings,
            "bound" or "labelled" or "unchanged" => null,
            _ => throw new UnreachableException(outcome),
        };
        if (outcome != "unchanged")
        {
            Record(asked, outcome == "labelled" ? "label_binding" : "bind", accountId, identifier, refusal);
        }

        return refusal;
    }

    /// <returns>Why not; null where it was bound to this account.</returns>
    public async Task<Problem?> RemoveAsync(Guid accountId, Identifier identifier, AuditEvent asked)
    {
        var isUnbound = await database.RunAsync(connection => connection.ExecuteScalarAsync<bool>(
            "select unbind_for_site(@accountId, @kind, @value)", new { accountId, identifier.Kind, identifier.Value }));
        var refusal = isUnbound ? null : Problem.NotFound;
        Record(asked, "unbind", accountId, identifier, refusal);
        return refusal;
    }

    private void Record(AuditEvent asked, string name, Guid accountId, Identifier identifier, Problem? refusal) =>
        audit.Record(asked with
        {
            Name = name,
            AccountId = accountId,
            Detail = $"{identifier.Kind} {identifier.Masked}, {asked.Detail}",
            Why = refusal?.Code,
            OncePerMinute = refusal is not null,
        });
}

/// <summary>An identifier that is bound to an account.</summary>
internal sealed record BindingRow
{
    public required string Kind { get; init; }
    public required string Value { get; init; }
    public string? Label { get; init; }
    public required DateTime CreatedAt { get; init; }
}
