using Dapper;
using QrLogin.Server.Storage;

namespace QrLogin.Server.Clients;

/// <summary>Clients in PostgreSQL, looked up at each call, so that a disabled one is out at once. Safe for concurrent use.</summary>
internal sealed class ClientStore(Database database)
{
    /// <summary>A secret's length in bytes.</summary>
    public const int SecretLength = 32;

    /// <summary>The enabled client whose secret it is, now or until the end of a rotation; null when there is none.</summary>
    public Task<Client?> FindAsync(string name, Secret secret)
    {
        const string sql = """
            select id, name, scopes from client
            where name = @name and disabled_at is null and (secret_hash = @hash or (former_hash = @hash and former_until > now()))
            """;
        return database.RunAsync(connection => connection.QuerySingleOrDefaultAsync<Client>(sql, new { name, hash = secret.Hash }));
    }
}
