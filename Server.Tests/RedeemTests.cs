using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>PROTOCOL.md: POST /api/login/redeem.</summary>
internal sealed class RedeemTests
{
    [Test]
    public async Task Redeem_answers_200_with_a_bearer_session_that_is_a_child_of_the_pcs()
    {
        using var scene = await Scene.ReadyAsync();

        var answer = await scene.Phone.ScanAsync(await scene.CodeAsync());

        Assert.That(answer.Status, Is.EqualTo(200));
        Assert.That(
            answer.Body.AsObject().Select(each => each.Key),
            Is.EqualTo(new[] { "accessToken", "tokenType", "expiresIn", "session", "account" }));
        Assert.That(answer["accessToken"].ToString(), Does.Match("^[A-Za-z0-9_-]{43}$"));
        Assert.That(answer["tokenType"].ToString(), Is.EqualTo("Bearer"));
        Assert.That((int)answer["expiresIn"], Is.EqualTo(2592000));
        Assert.That(answer["session"]["kind"]!.ToString(), Is.EqualTo("mobile"));
        Assert.That(answer["account"].ToJsonString(), Is.EqualTo($$"""{"username":"{{scene.Account.Username}}","displayName":"Alice"}"""));
        Assert.That(answer.Header("Cache-Control"), Is.EqualTo("no-store"));
        var ended = await scene.Page.HearsAsync("ended");
        Assert.That(ended["session"]!["device"]!.ToJsonString(), Is.EqualTo("""{"name":"Pixel 10","platform":"Android 17"}"""));
        await scene.Page.HearsAsync("sessions");
    }

    [Test]
    public async Task The_same_phone_may_repeat_within_60_s_and_gets_the_same_token()
    {
        using var scene = await Scene.ReadyAsync();
        var ticket = QrReader.TicketOf(await scene.CodeAsync());
        var first = await scene.Phone.RedeemAsync(ticket);
        var again = await scene.Phone.RedeemAsync(ticket);
        Assert.That((again.Status, again.Text), Is.EqualTo((200, first.Text)));
        Assert.That((await scene.Phone.WhoAmIAsync()).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_repeat_after_60_s_is_already_redeemed()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await scene.Phone.ScanAsync(qr);
        await AgeAsync(qr, "61 s");
        Assert.That(await Refused(scene.Phone, qr), Is.EqualTo((410, "already_redeemed")));
    }

    [Test]
    public async Task A_repeat_after_the_session_was_ended_is_already_redeemed()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await scene.Phone.ScanAsync(qr);
        await scene.DeclineAsync(qr);
        Assert.That(await Refused(scene.Phone, qr), Is.EqualTo((410, "already_redeemed")));
    }

    [Test]
    public async Task Every_identifier_sent_must_be_among_those_of_the_attempt()
    {
        var one = ("phone", Phone.NewNumber());
        var two = ("mac", "a4:83:e7:" + Guid.NewGuid().ToString("N")[..6].Insert(2, ":").Insert(5, ":"));
        using var scene = await Scene.ReadyAsync(one, two);
        var qr = await scene.CodeAsync();

        scene.Phone.Identifiers = [one, ("phone", Phone.NewNumber())];
        Assert.That(await Refused(scene.Phone, qr), Is.EqualTo((400, "invalid_ticket")));

        scene.Phone.Identifiers = [two];
        Assert.That((await scene.Phone.ScanAsync(qr)).Status, Is.EqualTo(200), "some of them will do");
    }

    [Test]
    public async Task At_least_one_identifier_must_be_bound_to_the_account_now()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await World.Admin.UnbindAsync(scene.Phone);
        Assert.That(await Refused(scene.Phone, qr), Is.EqualTo((400, "invalid_ticket")));
        await World.Admin.BindAsync(scene.Account, scene.Phone);
        Assert.That((await scene.Phone.ScanAsync(qr)).Status, Is.EqualTo(200), "nothing was ended by it");
    }

    [Test]
    public async Task A_wrong_verifier_ends_nothing_and_warns_the_pc_once_a_ticket()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.That(await Refused(scene.AnotherPhone(), qr), Is.EqualTo((400, "invalid_ticket")));
        }

        await scene.RefreshAsync(qr);
        var fresh = await scene.Page.HearsAsync("qr");
        await Refused(scene.AnotherPhone(), fresh);
        Assert.That((await scene.Phone.ScanAsync(fresh)).Status, Is.EqualTo(200));

        await scene.Page.HearsAsync("ended");
        var warnings = scene.Page.Heard.Where(each => each["type"]!.ToString() == "warning").ToList();
        Assert.That(warnings.Select(each => each.ToJsonString()), Is.EqualTo(Enumerable.Repeat(
            $$"""{"type":"warning","attemptId":"{{qr["attemptId"]}}","reason":"wrong_phone"}""", 2)), "one for each of the two tickets");
    }

    [Test]
    public async Task Who_proves_nothing_hears_invalid_ticket_whatever_became_of_the_attempt()
    {
        using var redeemed = await Scene.ReadyAsync();
        var used = await redeemed.CodeAsync();
        await redeemed.Phone.ScanAsync(used);
        using var gone = await Scene.ReadyAsync();
        var declined = await gone.CodeAsync();
        await gone.DeclineAsync(declined);
        using var late = await Scene.ReadyAsync();
        var expired = await late.CodeAsync();
        await AgeAsync(expired, "61 s");

        Answer[] answers =
        [
            await redeemed.AnotherPhone().ScanAsync(used),
            await gone.AnotherPhone().ScanAsync(declined),
            await late.AnotherPhone().ScanAsync(expired),
            await late.AnotherPhone().RedeemAsync("AAAAAAAAAAAAAAAAAAAAAA"),
        ];

        Assert.That(answers.Select(each => (each.Status, each.Code)), Is.All.EqualTo((400, "invalid_ticket")));
        Assert.That(answers.Select(each => each.Text).Distinct().ToList(), Has.Count.EqualTo(1), "the same bytes");
    }

    [Test]
    public async Task To_the_attempts_phone_the_first_reason_that_applies_is_told()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await AgeAsync(qr, "61 s");
        Assert.That(await Refused(scene.Phone, qr), Is.EqualTo((410, "ticket_expired")));
        var fresh = await scene.AnotherPhone().IdentifyAsync();
        Assert.That(fresh.Status, Is.EqualTo(202));
        Assert.That(await Refused(scene.Phone, qr), Is.EqualTo((410, "superseded")), "before expired");
        await scene.Browser.SignOutAsync();
        Assert.That(await Refused(scene.Phone, qr), Is.EqualTo((410, "superseded")), "before session_ended");
    }

    [Test]
    public async Task A_declined_attempt_is_declined_before_its_session_ended()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await scene.DeclineAsync(qr);
        await scene.Browser.SignOutAsync();
        Assert.That(await Refused(scene.Phone, qr), Is.EqualTo((410, "declined")));
    }

    [Test]
    public async Task A_ticket_whose_pc_session_has_ended_is_session_ended_before_it_is_expired()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await scene.Browser.SignOutAsync();
        await AgeAsync(qr, "61 s");
        Assert.That(await Refused(scene.Phone, qr), Is.EqualTo((410, "session_ended")));
    }

    private const string Verifier = "\"codeVerifier\":\"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\"";
    private const string MalformedVerifier = "\"codeVerifier\":\"dBjftJeZ4CVP+mB92K27uhbUJU1p1r_wW1gFWFOEjXk\"";
    private const string Number = """{"kind":"phone","value":"+8613800138000"}""";

    [TestCase("{}", "ticket", "codeVerifier", "identifiers")]
    [TestCase($$"""{"ticket":"AAAAAAAAAAAAAAAAAAAAAB",{{Verifier}},"identifiers":[{{Number}}]}""", "ticket")]
    [TestCase($$"""{"ticket":"AAAAAAAAAAAAAAAAAAAAAA==",{{Verifier}},"identifiers":[{{Number}}]}""", "ticket")]
    [TestCase($$"""{"ticket":"AAAAAAAAAAAAAAAAAAAAA ",{{Verifier}},"identifiers":[{{Number}}]}""", "ticket")]
    [TestCase($$"""{"ticket":"AAAAAAAAAAAAAAAAAAAAAA","codeVerifier":"short","identifiers":[{{Number}}]}""", "codeVerifier")]
    [TestCase($$"""{"ticket":"AAAAAAAAAAAAAAAAAAAAAA",{{MalformedVerifier}},"identifiers":[{{Number}}]}""", "codeVerifier")]
    public async Task A_malformed_body_is_invalid_request_and_names_the_member(string body, params string[] members)
    {
        using var phone = new Phone(World.Server);
        var answer = await phone.CallAsync(HttpMethod.Post, "/api/login/redeem", new StringContent(body, null, "application/json"));
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_request")));
        Assert.That(answer["errors"].AsObject().Select(each => each.Key), Is.EquivalentTo(members), answer.Text);
    }

    private static async Task<(int, string?)> Refused(Phone phone, JsonNode qr)
    {
        var answer = await phone.ScanAsync(qr);
        return (answer.Status, answer.Code);
    }

    /// <summary>As if the attempt and its tickets had been made that much earlier.</summary>
    private static async Task AgeAsync(JsonNode qr, string by)
    {
        var arguments = new { id = qr["attemptId"]!.ToString(), by };
        await World.Admin.ExecuteAsync(
            """
            update login_ticket set created_at = created_at - @by::interval, expires_at = expires_at - @by::interval
            where attempt_id = @id::uuid;
            update login_attempt set redeemed_at = redeemed_at - @by::interval where id = @id::uuid
            """, arguments);
    }
}
