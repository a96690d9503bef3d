using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;

namespace QrLogin.Load;

/// <summary>The accounts of the bench: each with a phone number bound and a PC signed in, put into the database as they would be.</summary>
internal sealed class Population(string owner, int size)
{
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

    /// <summary>Old attempts and tickets, so that PostgreSQL plans for tables that have been in use and not for empty ones.</summary>
    public Task AddHistoryAsync() => ExecuteAsync(
        """
        insert into login_attempt (id, account_id, identifiers, has_app, code_challenge, address, check_code,
          created_at, expires_at, superseded_at)
        select gen_random_uuid(), a.id, array['phone:x'], false, sha256('x'), '127.0.0.1', 47,
          now() - i * interval '2 h', now() - i * interval '2 h' + interval '300 s', now()
        from account a, generate_series(1, 4) as i;
        insert into login_ticket (hash, attempt_id, session_id, created_at, expires_at)
        select sha256(convert_to(id::text, 'UTF8')), id, account_id, created_at, created_at + interval '60 s' from login_attempt;
        vacuum analyze
        """);

    /// <summary>Forgets the attempts of the last hour, so that the limits of attempts do not end the next run.</summary>
    public Task ForgetAttemptsAsync() => ExecuteAsync(
        "delete from login_attempt where created_at > now() - interval '1 h'; delete from session where kind = 'mobile'; vacuum analyze");

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
