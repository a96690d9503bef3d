using Dapper;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Bindings;

/// <summary>
/// Which identifiers an account has. The server may change only those of accounts with an issuer. Safe for concurrent use.
/// </summary>
internal sealed class BindingStore(Database database)
{
    /// <returns>The identifiers that are bound, the oldest first.</returns>
    public async Task<BindingRow[]> ListAsync(Guid accountId) => [.. await database.RunAsync(
        connection => connection.QueryAsync<BindingRow>(
            "select kind, value, label, created_at from binding where account_id = @accountId order by created_at, key",
            new { accountId }))];

    /// <returns>Whether it is bound to this account now; otherwise it is another's, and stays so. Null: there is no such account.</returns>
    public Task<bool?> AddAsync(Guid accountId, Identifier identifier, string? label) => database.RunAsync(
        connection => connection.ExecuteScalarAsync<bool?>(
            "select bind_for_site(@accountId, @kind, @value, @label)",
            new { accountId, identifier.Kind, identifier.Value, label }));

    /// <returns>Whether it was bound to this account.</returns>
    public Task<bool> RemoveAsync(Guid accountId, Identifier identifier) => database.RunAsync(
        connection => connection.ExecuteScalarAsync<bool>(
            "select unbind_for_site(@accountId, @kind, @value)", new { accountId, identifier.Kind, identifier.Value }));
}

/// <summary>An identifier that is bound to an account.</summary>
internal sealed record BindingRow
{
    public required string Kind { get; init; }
    public required string Value { get; init; }
    public string? Label { get; init; }
    public required DateTime CreatedAt { get; init; }
}
