using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;

namespace QrLogin.Load;

/// <summary>The accounts of the bench: each with a phone number bound and a PC signed in, put into the database as they would be.</summary>
internal sealed class Population(string owner, int size)
{
    public int Size => size;

    public static string Phone(int i) => $"+1999{i:0000000}";

    public static string Cookie(int i) => $"qrlogin={Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes($"bench-{i}")))}";

    public async Task MakeAsync()
    {
        const string sql = """
            insert into account (id, username, display_name, password_hash)
            select format('00000000-0000-4000-8000-%s', lpad(to_hex(i), 12, '0'))::uuid, 'bench.' || i, 'Bench',
              '$2a$04$' || repeat('.', 53)
            from generate_series(0, @size - 1) as i;
            insert into binding (account_id, kind, value)
            select id, 'phone', '+1999' || lpad(substr(username, 7), 7, '0') from account;
            insert into session (id, account_id, kind, token_hash, address, expires_at)
            select id, id, 'web', sha256(sha256(convert_to('bench-' || substr(username, 7), 'UTF8'))), '127.0.0.1', now() + interval '12 h'
            from account;
            vacuum analyze
            """;
        await ExecuteAsync(sql);
    }

    /// <summary>Forgets all attempts, so that the limits of attempts do not end the next run.</summary>
    public Task ForgetAttemptsAsync() =>
        ExecuteAsync("truncate login_attempt cascade; delete from session where kind = 'mobile'; vacuum analyze");

    /// <summary>How many attempts became sessions since then.</summary>
    public async Task<int> LoginsAsync()
    {
        await using var connection = new NpgsqlConnection(owner);
        return await connection.QuerySingleAsync<int>("select count(*)::int from login_attempt where redeemed_at is not null");
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(owner);
        foreach (var statement in sql.Split(';'))
        {
            await connection.ExecuteAsync(statement, new { size }, commandTimeout: 60);
        }
    }
}
