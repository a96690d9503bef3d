using Dapper;
using Npgsql;

namespace QrLogin.Server.Storage;

/// <summary>
/// The only way to PostgreSQL: every call gets a connection and a deadline. A call is not cancelled when its client goes away: it
/// takes milliseconds, and a cancel costs a connection. Safe for concurrent use.
/// </summary>
internal sealed class Database(NpgsqlDataSource source)
{
    /// <summary>The request is answered by then, even if Npgsql hangs on a frozen server.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2.4);

    /// <exception cref="DatabaseUnavailableException">PostgreSQL is not there, is full, or does not answer in time.</exception>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> work)
    {
        var running = ConnectAndRunAsync(work);
        try
        {
            return await running.WaitAsync(Deadline);
        }
        catch (Exception e) when (IsUnavailable(e))
        {
            _ = running.ContinueWith(static abandoned => abandoned.Exception, TaskScheduler.Default);
            throw new DatabaseUnavailableException(e);
        }
    }

    /// <summary>
    /// Runs two statements in one round trip and one implicit transaction: the first locks the account's row, the second, which sees a
    /// fresh snapshot, acts and answers with a row or none.
    /// </summary>
    /// <exception cref="DatabaseUnavailableException">As above, or the row was locked for too long.</exception>
    public Task<T?> LockAndActAsync<T>(string sql, object arguments) => RunAsync(async connection =>
    {
        await using var results = await connection.QueryMultipleAsync(sql, arguments);
        await results.ReadAsync();
        return await results.ReadSingleOrDefaultAsync<T>();
    });

    private async Task<T> ConnectAndRunAsync<T>(Func<NpgsqlConnection, Task<T>> work)
    {
        await using var connection = await source.OpenConnectionAsync();
        return await work(connection);
    }

    /// <summary>Not there, no resources, shutting down, locked or too slow; everything else is a mistake of ours.</summary>
    private static bool IsUnavailable(Exception e) => e switch
    {
        PostgresException p => p.SqlState[..2] is "08" or "53" or "57" or "58" || p.SqlState is
            PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.CannotConnectNow
                or PostgresErrorCodes.ObjectNotInPrerequisiteState, // the database takes no connections
        NpgsqlException or TimeoutException => true,
        _ => false,
    };
}

/// <summary>PostgreSQL cannot serve now; trying again later may help. Whether a write happened is unknown.</summary>
internal sealed class DatabaseUnavailableException(Exception inner) : Exception("PostgreSQL is unavailable.", inner)
{
    /// <summary>There is no space left to write; reading may go on.</summary>
    public bool IsFull => InnerException is PostgresException { SqlState: PostgresErrorCodes.DiskFull };
}
