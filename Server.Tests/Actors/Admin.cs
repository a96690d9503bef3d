using Dapper;
using Npgsql;

namespace QrLogin.Server.Tests.Actors;

/// <summary>An administrator with psql, as the owner of the database.</summary>
internal sealed class Admin(string database) : IAsyncDisposable
{
    /// <summary>bcrypt of <see cref="Account.Password"/> at cost 4; cost 12 would take a quarter of a second for each account.</summary>
    private const string CheapHash = "$2a$04$wi8xzOdM0zXLk/w4YNayRu5gDGY83y8QNn76DhoftushoHS1k85iC";

    /// <summary>What PostgreSQL's log calls its connections.</summary>
    public const string Application = "administrator";

    private readonly NpgsqlDataSource source =
        new NpgsqlDataSourceBuilder(database) { ConnectionStringBuilder = { ApplicationName = Application } }.Build();

    public async Task<T> QueryAsync<T>(string sql, object? arguments = null)
    {
        await using var connection = await source.OpenConnectionAsync();
        return await connection.QuerySingleAsync<T>(sql, arguments);
    }

    public async Task<int> ExecuteAsync(string sql, object? arguments = null)
    {
        await using var connection = await source.OpenConnectionAsync();
        return await connection.ExecuteAsync(sql, arguments);
    }

    public async Task<T[]> ListAsync<T>(string sql, object? arguments = null)
    {
        await using var connection = await source.OpenConnectionAsync();
        return [.. await connection.QueryAsync<T>(sql, arguments)];
    }

    /// <summary>A new account that has these devices.</summary>
    public async Task<Account> HasAccountAsync(params Phone[] phones)
    {
        var account = new Account($"user.{Guid.NewGuid():N}", "Alice");
        await ExecuteAsync(
            "insert into account (username, display_name, password_hash) values (@Username, @DisplayName, @CheapHash)",
            new { account.Username, account.DisplayName, CheapHash });
        foreach (var phone in phones)
        {
            await BindAsync(account, phone);
        }

        return account;
    }

    public async Task BindAsync(Account account, Phone phone)
    {
        foreach (var (kind, value) in phone.Identifiers)
        {
            await QueryAsync<string>("select admin.bind(@Username, @kind, @value)", new { account.Username, kind, value });
        }
    }

    public async Task UnbindAsync(Phone phone)
    {
        foreach (var (kind, value) in phone.Identifiers)
        {
            await QueryAsync<string>("select admin.unbind(@kind, @value)", new { kind, value });
        }
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();
}

internal sealed record Account(string Username, string DisplayName)
{
    public const string Password = "correct horse";
}
