namespace QrLogin.Server.Tests.Actors;

/// <summary>What an administrator reads in <c>admin.audit</c>, oldest first. It is written a moment later: readers wait.</summary>
internal static class Trail
{
    private const string Columns = """
        select at, actor, event, why, username, address, detail, session_id, attempt_id, account_id from admin.audit
        """;

    /// <summary>All of an account, once an event of this name is among it.</summary>
    public static Task<TrailRow[]> TrailAsync(this Admin admin, Account account, string until, int times = 1) =>
        admin.TrailAsync($"{Columns} where username = @Username", new { account.Username }, until, times);

    /// <summary>All from an address, once an event of this name is among it.</summary>
    public static Task<TrailRow[]> TrailAsync(this Admin admin, string address, string until, int times = 1) =>
        admin.TrailAsync($"{Columns} where address = @address", new { address }, until, times);

    /// <summary>How many rows of the whole trail have this text in any column.</summary>
    public static Task<long> MentionsAsync(this Admin admin, string text) =>
        admin.QueryAsync<long>("select count(*) from audit where strpos(audit::text, @text) > 0", new { text });

    private static async Task<TrailRow[]> TrailAsync(this Admin admin, string sql, object arguments, string until, int times)
    {
        TrailRow[] rows = [];
        await Eventually.IsAsync(async () =>
        {
            rows = await admin.ListAsync<TrailRow>(sql, arguments);
            return rows.Count(row => row.Event == until) >= times;
        }, $"the trail has {until}");
        Array.Reverse(rows);
        return rows;
    }
}

/// <summary>A row of <c>admin.audit</c>.</summary>
internal sealed record TrailRow
{
    public required DateTime At { get; init; }
    public required string Actor { get; init; }
    public required string Event { get; init; }
    public string? Why { get; init; }
    public string? Username { get; init; }
    public string? Address { get; init; }
    public string? Detail { get; init; }
    public Guid? SessionId { get; init; }
    public Guid? AttemptId { get; init; }
    public Guid? AccountId { get; init; }

    /// <summary>As a person would say it: <c>phone redeem: invalid_ticket</c>.</summary>
    public override string ToString() => $"{Actor} {Event}{(Why is null ? "" : $": {Why}")}";
}
