using System.Net;
using System.Security.Cryptography;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>
/// What the trail says of somebody from an address that is nobody else's: a proxy that this server trusts says so. What can be repeated
/// without end stands there once a minute.
/// </summary>
internal sealed class AuditStrangerTests : IAsyncDisposable
{
    private readonly TestServer server = new(World.Database, new() { ["TrustedProxies:0"] = "127.0.0.1" });
    private readonly byte[] network = RandomNumberGenerator.GetBytes(4);

    private static Admin Admin => World.Admin;

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Test]
    public async Task A_wrong_password_names_the_account_and_an_unknown_name_nobody()
    {
        var alice = await Admin.HasAccountAsync();
        await SignInAsync(alice.Username, "wrong");
        await SignInAsync($"nobody.{Guid.NewGuid():N}", "wrong");

        var rows = await Admin.TrailAsync(Address(), until: "sign_in", times: 2);

        Assert.That(rows.Select(row => $"{row}"), Is.All.EqualTo("computer sign_in: invalid_credentials"));
        Assert.That(rows.Select(row => row.Username), Is.EqualTo([alice.Username, null]));
    }

    [Test]
    public async Task A_sign_in_from_another_sites_page_is_told_once_a_minute()
    {
        var alice = await Admin.HasAccountAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.That((await SignInAsync(alice.Username, "x", "https://evil.example")).Code, Is.EqualTo("origin_not_allowed"));
        }

        await SignInAsync(alice.Username, "x", "https://evil.example", host: 2); // the same /64
        await SignInAsync(alice.Username, "x");

        var rows = await Admin.TrailAsync(Address(), until: "sign_in", times: 2);

        Assert.That(await Admin.MentionsAsync(Address(2)), Is.Zero);
        Assert.That(
            rows.Select(row => $"{row}"), Is.EqualTo(["computer sign_in: origin_not_allowed", "computer sign_in: invalid_credentials"]));
    }

    [Test]
    public async Task A_phone_that_finds_nobody_and_a_ticket_that_nobody_knows_name_no_account()
    {
        using var phone = new Phone(server);
        var identifiers = phone.Identifiers.Select(each => new { kind = each.Kind, value = each.Value });
        await CallAsync("/api/login/identify", new { identifiers, codeChallenge = phone.Challenge, codeChallengeMethod = "S256" });
        await CallAsync(
            "/api/login/redeem", new { ticket = "AAAAAAAAAAAAAAAAAAAAAA", codeVerifier = phone.Verifier, identifiers });

        var rows = await Admin.TrailAsync(Address(), until: "redeem");

        Assert.That(rows.Select(row => $"{row}"), Is.EqualTo(["phone identify: no_live_connection", "phone redeem: invalid_ticket"]));
        Assert.That(rows.Select(row => row.AccountId ?? row.AttemptId ?? row.SessionId), Is.All.Null);
    }

    [Test]
    public async Task Refusals_by_limit_are_told_once_a_minute()
    {
        using var phone = new Phone(server);
        var alice = await Admin.HasAccountAsync(phone);
        using var browser = await Browser.AtAsync(server, alice);
        for (var i = 0; i < 6; i++)
        {
            phone.Verifier = Phone.NewVerifier();
            Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(i < 3 ? 202 : 429));
        }

        await browser.SignOutAsync();
        var rows = await Admin.TrailAsync(alice, until: "sign_out");

        Assert.That(
            rows.Where(row => row.Event == "identify").Select(row => row.Why), Is.EqualTo([null, null, null, "too_many_requests"]));
    }

    private string Address(byte host = 1) =>
        new IPAddress([0x20, 1, 0xd, 0xb8, .. network, 0, 0, 0, 0, 0, 0, 0, host]).ToString();

    private Task<Answer> SignInAsync(string username, string password, string origin = TestServer.Origin, byte host = 1) =>
        CallAsync("/api/session", new { username, password }, origin, host);

    private async Task<Answer> CallAsync(string path, object body, string origin = TestServer.Origin, byte host = 1)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = server.Address };
        return await http.CallAsync(HttpMethod.Post, path, body, ("Origin", origin), ("X-Forwarded-For", Address(host)));
    }
}
