using Microsoft.Extensions.DependencyInjection;
using QrLogin.Server.Storage;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>What is kept for how long.</summary>
internal sealed class SweepTests
{
    [Test]
    public async Task Attempts_go_after_7_days_and_ended_sessions_after_30_a_pcs_not_before_its_phones()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();
        await scene.Browser.SignOutAsync();

        await AgeAsync(scene, "6 d 23 h");
        Assert.That(await SweepAsync(scene), Is.EqualTo((1, 2)), "(attempts, sessions) within 7 days");

        await AgeAsync(scene, "2 h");
        Assert.That(await SweepAsync(scene), Is.EqualTo((0, 2)), "after 7 days");

        await AgeAsync(scene, "24 d", keepPhone: true);
        Assert.That(await SweepAsync(scene), Is.EqualTo((0, 2)), "31 days after the PC signed out, its phone is still signed in");

        await scene.Phone.SignOutAsync();
        await AgeAsync(scene, "31 d");
        await SweepAsync(scene);
        Assert.That(await SweepAsync(scene), Is.EqualTo((0, 0)), "31 days after the phone signed out");
    }

    [Test]
    public async Task Hand_offs_go_an_hour_after_they_expired()
    {
        using var site = await SiteBackend.NewAsync(World.Server);
        var counted = $"select count(*)::int from handoff h join client c on c.id = h.client_id where c.name = '{site.Name}'";
        await site.CodeAsync("u1");
        await World.Admin.ExecuteAsync(
            "update handoff set created_at = now() - interval '2 h', expires_at = now() - interval '59 min' where account_id = @id",
            new { id = await World.Admin.QueryAsync<Guid>("select id from account where issuer = @Name", new { site.Name }) });
        await SweepAsync();
        Assert.That(await World.Admin.QueryAsync<int>(counted), Is.EqualTo(1));
        await World.Admin.ExecuteAsync(
            "update handoff set expires_at = now() - interval '61 min' where expires_at < now() - interval '58 min'");
        await SweepAsync();
        Assert.That(await World.Admin.QueryAsync<int>(counted), Is.Zero);
    }

    private static Task<int> SweepAsync() =>
        ActivatorUtilities.CreateInstance<Sweep>(World.Server.Services).RunAsync(CancellationToken.None);

    private static async Task<(int Attempts, int Sessions)> SweepAsync(Scene scene)
    {
        await SweepAsync();
        return await World.Admin.QueryAsync<(int, int)>(
            """
            select (select count(*)::int from admin.attempts where username = @Username),
              (select count(*)::int from admin.sessions where username = @Username)
            """, new { scene.Account.Username });
    }

    /// <summary>As if all had happened that much earlier.</summary>
    private static Task<int> AgeAsync(Scene scene, string by, bool keepPhone = false) => World.Admin.ExecuteAsync(
        """
        with mine as (select id from account where username = @Username)
        update session set created_at = created_at - @by::interval, revoked_at = revoked_at - @by::interval,
          expires_at = expires_at - case when @keepPhone and kind = 'mobile' then interval '0' else @by::interval end
        where account_id in (select id from mine);
        with mine as (select id from account where username = @Username)
        update login_attempt set created_at = created_at - @by::interval, expires_at = expires_at - @by::interval
        where account_id in (select id from mine)
        """, new { scene.Account.Username, by, keepPhone });
}
