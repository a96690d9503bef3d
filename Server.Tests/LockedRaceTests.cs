using Npgsql;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>
/// A redeem and what takes its right away, both waiting for the account's row, in either order (threat T6). Which comes first is certain
/// here, not left to chance as in <see cref="RaceTests"/>: the test holds the row until both wait.
/// </summary>
internal sealed class LockedRaceTests
{
    private const string Waiting = """
        select count(*)::int from pg_stat_activity a where wait_event_type = 'Lock' and exists (
          select from unnest(pg_blocking_pids(a.pid)) as b where b = @holder or @holder = any(pg_blocking_pids(b)))
        """;

    /// <summary>What must have happened to the session of a redeem that came before; what a redeem that comes after must be told.</summary>
    [TestCase("decline", "declined", "410 declined")]
    [TestCase("supersede", "alive", "410 superseded")]
    [TestCase("sign-out", "alive", "410 session_ended")]
    [TestCase("revoke-all", "revoked", "410 session_ended")]
    [TestCase("disable", "account_disabled", "410 session_ended")]
    [TestCase("set password", "password_changed", "410 session_ended")]
    [TestCase("unbind", "alive", "400 invalid_ticket")]
    [TestCase("extend", "alive", "200")]
    [TestCase("end session", "alive", "410 session_ended")]
    public async Task Before_the_other_act_a_redeem_is_granted_and_after_it_is_refused(string rival, string sessionAfter, string refusal)
    {
        foreach (var isTyped in new[] { false, true })
        {
            var before = await RaceAsync(rival, redeemFirst: true, isTyped);
            Assert.That(before, Is.EqualTo(("200", sessionAfter, 0)), "a redeem that came before, and more time for what is over");

            var after = await RaceAsync(rival, redeemFirst: false, isTyped);
            var isGranted = refusal == "200";
            Assert.That(after, Is.EqualTo((refusal, isGranted ? "alive" : null, isGranted ? 1 : 0)), "a redeem that came after");
        }
    }

    /// <returns>
    /// The redeem's answer; from the database the states of all phones' sessions of the account, and how often more time was given.
    /// </returns>
    private static async Task<(string Redeem, string? Sessions, int Extensions)> RaceAsync(string rival, bool redeemFirst, bool isTyped)
    {
        for (var tries = 1; ; tries++)
        {
            using var scene = await Scene.ReadyAsync();
            var redeem = await RaceAsync(scene, rival, redeemFirst, isTyped);
            if (redeem is { Status: not 503 } || tries == 10)
            {
                Assert.That(redeem, Is.Not.Null, $"the answer to {rival}");
                var (sessions, extensions) = await World.Admin.QueryAsync<(string?, int)>(
                    """
                    select (select string_agg(state, ' ') from admin.sessions where kind = 'mobile' and username = @Username),
                      (select max(extensions)::int from login_attempt a join account c on c.id = a.account_id where c.username = @Username)
                    """, new { scene.Account.Username });
                return (redeem!.Word(), sessions, extensions);
            }
        }
    }

    /// <returns>Null where the rival waited for the row longer than a call may.</returns>
    private static async Task<Answer?> RaceAsync(Scene scene, string rival, bool redeemFirst, bool isTyped)
    {
        var qr = await scene.CodeAsync();
        var ticket = QrReader.TicketOf(qr);
        await World.Admin.ExecuteAsync( // or there is no time to give
            "update login_attempt set expires_at = now() + interval '100 s' where id = @id::uuid", new { id = $"{qr["attemptId"]}" });
        var pc = (await scene.Browser.WhoAmIAsync())["session"]["id"]!.ToString();
        var username = new { scene.Account.Username };
        Task<Answer> OnScreenAsync(string what) => scene.Browser.CallAsync(HttpMethod.Post, $"/api/login/{qr["attemptId"]}/{what}");
        Task<int> AdministerAsync(string call) => World.Admin.QueryAsync<int>($"select admin.{call}", username);
        Func<Task> act = rival switch
        {
            "decline" => () => OnScreenAsync("decline"),
            "extend" => () => OnScreenAsync("extend"),
            "supersede" => () => scene.AnotherPhone().IdentifyAsync(),
            "sign-out" => scene.Browser.SignOutAsync,
            "end session" => () => scene.EndSessionAsync(pc),
            "revoke-all" => () => AdministerAsync("revoke_sessions(@Username)"),
            "disable" => () => AdministerAsync("disable_account(@Username)"),
            "set password" => () => AdministerAsync("set_password(@Username, 'x')"),
            _ => () => World.Admin.UnbindAsync(scene.Phone),
        };
        Task<Answer> RedeemAsync() => isTyped ? scene.Phone.TypeAsync(qr) : scene.Phone.RedeemAsync(ticket);

        await using var source = new NpgsqlDataSourceBuilder(World.Database).Build();
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("select from account where username = @username for update", connection))
        {
            hold.Parameters.AddWithValue("username", scene.Account.Username);
            await hold.ExecuteNonQueryAsync();
        }

        var first = redeemFirst ? RedeemAsync() : act();
        Task? second = null;
        Task WaitAsync(int count) => Eventually.IsAsync(
            async () => first.IsCompleted || second?.IsCompleted == true
                || await World.Admin.QueryAsync<int>(Waiting, new { holder = connection.ProcessID }) == count, $"{count} wait");
        await WaitAsync(1);
        second = redeemFirst ? act() : RedeemAsync();
        await WaitAsync(2);
        var waitedForTooLong = first.IsCompleted || second.IsCompleted; // the second took so long to come, or was refused
        await transaction.RollbackAsync();
        await Task.WhenAll(first, second);
        if (waitedForTooLong)
        {
            return null;
        }

        var (redeem, other) = redeemFirst ? (first, second) : (second, first);
        return other is Task<Answer> { Result.Status: 503 } ? null : await (Task<Answer>)redeem;
    }
}
