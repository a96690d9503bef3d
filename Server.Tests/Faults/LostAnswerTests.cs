using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Faults;

/// <summary>F4: PostgreSQL has committed, and its answer never arrives, or too late: nothing is lost, and nothing is done twice.</summary>
internal sealed class LostAnswerTests
{
    private static readonly NpgsqlConnectionStringBuilder Direct = new(World.Database);
    private readonly LossyWire wire = new(Direct.Host!, Direct.Port);
    private TestServer server = null!;

    [SetUp]
    public void Begin() => server = new TestServer(
        new NpgsqlConnectionStringBuilder(World.Database) { Host = "127.0.0.1", Port = wire.Port }.ConnectionString);

    [TearDown]
    public async Task End()
    {
        await server.DisposeAsync();
        wire.Dispose();
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_redeem_whose_commit_is_not_heard_is_told_to_the_pc_and_repeated_to_the_phone(bool isLate)
    {
        using var phone = new Phone(server);
        var alice = await World.Admin.HasAccountAsync(phone);
        using var browser = await Browser.AtAsync(server, alice);
        await phone.IdentifyAsync();
        var qr = await browser.Page.HearsAsync("qr");
        wire.LoseAnswerTo("'warned' else 'invalid_ticket'", isLate ? TimeSpan.FromSeconds(4) : null);

        var unheard = await phone.ScanAsync(qr);

        Assert.That((unheard.Status, unheard.Code), Is.EqualTo((503, "unavailable")));
        Assert.That(int.Parse(unheard.Header("Retry-After")!, null), Is.InRange(1, 5));
        Assert.That(wire.Lost, Is.EqualTo(1));
        var ended = await browser.Page.HearsAsync("ended");
        Assert.That(ended["outcome"]!.ToString(), Is.EqualTo("redeemed"), "the PC, without the phone's asking again");
        await browser.Page.HearsAsync("sessions");

        var repeated = await phone.ScanAsync(qr);
        Assert.That(repeated.Status, Is.EqualTo(200), repeated.Text);
        Assert.That(repeated["session"]["id"]!.ToString(), Is.EqualTo(ended["session"]!["id"]!.ToString()));
        Assert.That((await phone.WhoAmIAsync()).Status, Is.EqualTo(200));
        Assert.That(await CountAsync("session where kind = 'mobile' and account_id", alice), Is.EqualTo(1));
        await Eventually.IsAsync(
            async () => await CountAsync("audit where event = 'redeem' and detail = 'its answer was lost' and account_id", alice) == 1,
            "the audit trail has it");
    }

    [Test]
    public async Task An_identify_whose_commit_is_not_heard_is_the_same_attempt_when_it_is_repeated_and_then_on_the_screen()
    {
        using var phone = new Phone(server);
        var alice = await World.Admin.HasAccountAsync(phone);
        using var browser = await Browser.AtAsync(server, alice);
        wire.LoseAnswerTo("when u.is_live and u.code_challenge");

        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(503));
        var answer = await phone.IdentifyAsync();

        Assert.That((answer.Status, wire.Lost), Is.EqualTo((202, 1)), answer.Text);
        var qr = await browser.Page.HearsAsync("qr");
        Assert.That(qr["attemptId"]!.ToString(), Is.EqualTo(answer["attemptId"].ToString()));
        Assert.That((await phone.ScanAsync(qr)).Status, Is.EqualTo(200));
        Assert.That(await CountAsync("login_attempt where account_id", alice), Is.EqualTo(1));
        await Eventually.IsAsync(
            async () => await CountAsync("audit where event = 'identify' and account_id", alice) == 1, "the audit trail has it");
    }

    [Test]
    public async Task A_decline_whose_commit_is_not_heard_is_204_when_it_is_repeated_and_the_phone_is_refused()
    {
        using var phone = new Phone(server);
        using var browser = await Browser.AtAsync(server, await World.Admin.HasAccountAsync(phone));
        await phone.IdentifyAsync();
        var qr = await browser.Page.HearsAsync("qr");
        wire.LoseAnswerTo("case when is_open then 'declined'");
        var decline = $"/api/login/{qr["attemptId"]}/decline";

        Assert.That((await browser.CallAsync(HttpMethod.Post, decline)).Status, Is.EqualTo(503));
        Assert.That((await browser.CallAsync(HttpMethod.Post, decline)).Status, Is.EqualTo(204));
        Assert.That((await phone.ScanAsync(qr)).Code, Is.EqualTo("declined"));
        Assert.That(wire.Lost, Is.EqualTo(1));
    }

    [Test]
    public async Task When_every_connection_is_cut_sockets_stay_and_the_next_call_works()
    {
        using var phone = new Phone(server);
        using var browser = await Browser.AtAsync(server, await World.Admin.HasAccountAsync(phone));
        for (var i = 0; i < 3; i++)
        {
            wire.CutAll();
            await Eventually.IsAsync(
                async () => (await phone.CallAsync(HttpMethod.Get, "/healthz/ready")).Status == 200, "PostgreSQL is reached again");
        }

        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        Assert.That((await phone.ScanAsync(await browser.Page.HearsAsync("qr"))).Status, Is.EqualTo(200));
    }

    private static Task<int> CountAsync(string rows, Account of) => World.Admin.QueryAsync<int>(
        $"select count(*)::int from {rows} = (select id from account where username = @Username)", new { of.Username });
}
