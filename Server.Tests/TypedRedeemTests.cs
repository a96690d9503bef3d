using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>PROTOCOL.md: POST /api/login/redeem by typed code, which only the attempt's own phone can use, and use up.</summary>
internal sealed class TypedRedeemTests
{
    private static readonly (int, string?) Unusable = (400, "invalid_ticket");

    [Test]
    public async Task A_typed_code_signs_the_phone_in_as_a_child_of_the_session_that_shows_it()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        using var elsewhere = await Browser.AtAsync(World.Server, scene.Account);
        await elsewhere.CallAsync(HttpMethod.Post, $"/api/login/{qr["attemptId"]}/qr");
        var pc = (await elsewhere.WhoAmIAsync())["session"]["id"]!.ToString();

        var answer = await scene.Phone.TypeAsync(await elsewhere.Page.HearsAsync("qr"));

        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That((await scene.Phone.WhoAmIAsync())["account"]["username"]!.ToString(), Is.EqualTo(scene.Account.Username));
        var session = (await scene.SessionsAsync()).Single(each => each!["kind"]!.ToString() == "mobile")!;
        Assert.That(session["parentId"]!.ToString(), Is.EqualTo(pc));
        var ended = await scene.Page.HearsAsync("ended");
        Assert.That(ended["session"]!["id"]!.ToString(), Is.EqualTo(answer["session"]["id"]!.ToString()));
    }

    [Test]
    public async Task Repeated_in_any_spelling_or_by_ticket_it_gets_the_same_answer()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        var code = qr["typedCode"]!.ToString();
        var first = await scene.Phone.TypeAsync(qr);
        foreach (var spelling in new[]
        {
            code, code.ToLowerInvariant(), code.Replace("-", ""), $" {code[..3]} {code[3..]} ", code.Replace('0', 'O').Replace('1', 'I'),
            code.Replace('0', 'o').Replace('1', 'l'),
        })
        {
            var again = await scene.Phone.RedeemTypedAsync(spelling);
            Assert.That((again.Status, again["accessToken"].ToString()), Is.EqualTo((200, first["accessToken"].ToString())), spelling);
        }

        Assert.That((await scene.Phone.ScanAsync(qr))["accessToken"].ToString(), Is.EqualTo(first["accessToken"].ToString()));
    }

    [Test]
    public async Task Only_the_attempts_own_phone_can_use_it_and_to_all_others_it_is_an_unknown_ticket()
    {
        using var scene = await Scene.ReadyAsync();
        using var other = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await other.CodeAsync();
        var stranger = scene.AnotherPhone();
        stranger.AttemptId = scene.Phone.AttemptId;
        var sameVerifier = scene.AnotherPhone(("phone", Phone.NewNumber()));
        (sameVerifier.Verifier, sameVerifier.AttemptId) = (scene.Phone.Verifier, scene.Phone.AttemptId);
        var nowhere = scene.AnotherPhone(verifier: scene.Phone.Verifier);
        nowhere.AttemptId = $"{Guid.NewGuid()}";

        Answer[] answers =
        [
            await stranger.TypeAsync(qr),
            await sameVerifier.TypeAsync(qr),
            await other.Phone.TypeAsync(qr),
            await nowhere.TypeAsync(qr),
            await nowhere.RedeemAsync("AAAAAAAAAAAAAAAAAAAAAA"),
        ];

        Assert.That(answers.Select(Refusal), Is.All.EqualTo(Unusable));
        Assert.That(answers.Select(each => each.Text).Distinct().ToList(), Has.Count.EqualTo(1), "the same bytes");
        Assert.That((await scene.Page.HearsAsync("warning"))["reason"]!.ToString(), Is.EqualTo("wrong_phone"), "of the wrong verifier");
        Assert.That((await scene.Phone.TypeAsync(qr)).Status, Is.EqualTo(200), "nothing was ended by it");
        await scene.Page.HearsAsync("ended");
        Assert.That(scene.Page.Heard.Count(each => each["type"]!.ToString() == "warning"), Is.EqualTo(1));
    }

    [Test]
    public async Task Five_wrong_ones_by_its_own_phone_kill_all_typed_codes_of_the_attempt_and_no_QR_code()
    {
        using var scene = await Scene.ReadyAsync();
        using var elsewhere = await Browser.AtAsync(World.Server, scene.Account);
        var qr = await scene.CodeAsync();
        await TypeWrongAsync(scene.Phone, 5);

        Assert.That(Refusal(await scene.Phone.TypeAsync(qr)), Is.EqualTo(Unusable));
        Assert.That(Refusal(await scene.Phone.TypeAsync(await elsewhere.Page.HearsAsync("qr"))), Is.EqualTo(Unusable), "the other PC's");
        await TypeWrongAsync(scene.Phone, 1);
        await scene.RefreshAsync(qr);
        var fresh = await scene.Page.HearsAsync("qr");
        Assert.That(Refusal(await scene.Phone.TypeAsync(fresh)), Is.EqualTo(Unusable), "nor after a fresh code");
        Assert.That((await scene.Phone.ScanAsync(fresh)).Status, Is.EqualTo(200));
        Assert.That(Refusal(await scene.Phone.TypeAsync(fresh)), Is.EqualTo(Unusable), "nor as a repeat");
    }

    [Test]
    public async Task Four_wrong_ones_leave_it_alive_and_the_next_attempt_counts_anew()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.CodeAsync();
        await TypeWrongAsync(scene.Phone, 4);
        var next = scene.AnotherPhone();
        var qr = await scene.CodeAsync(next);
        await TypeWrongAsync(next, 4);
        Assert.That((await next.TypeAsync(qr)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Who_knows_only_the_attempts_id_cannot_kill_it()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        var stranger = scene.AnotherPhone();
        stranger.AttemptId = scene.Phone.AttemptId;
        await TypeWrongAsync(stranger, 7);
        Assert.That((await scene.Phone.TypeAsync(qr)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task It_outlives_the_QR_code_and_ends_with_the_attempt()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await AgeAsync(qr, "299 s");
        Assert.That((await scene.Phone.ScanAsync(qr)).Code, Is.EqualTo("ticket_expired"));
        await AgeAsync(qr, "2 s");
        Assert.That(Refusal(await scene.Phone.TypeAsync(qr)), Is.EqualTo((410, "attempt_expired")));
        await AgeAsync(qr, "-20 s");
        Assert.That((await scene.Phone.TypeAsync(qr)).Status, Is.EqualTo(200));
        await AgeAsync(qr, "61 s");
        Assert.That(Refusal(await scene.Phone.TypeAsync(qr)), Is.EqualTo((410, "already_redeemed")), "when it is too late to repeat");
    }

    [TestCase("declined")]
    [TestCase("superseded")]
    [TestCase("session_ended")]
    public async Task To_the_attempts_phone_with_a_right_code_it_is_told_why_it_is_too_late(string code)
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await (code switch
        {
            "declined" => scene.DeclineAsync(qr),
            "superseded" => scene.AnotherPhone().IdentifyAsync(),
            _ => scene.Browser.SignOutAsync(),
        });
        var stranger = scene.AnotherPhone();
        stranger.AttemptId = scene.Phone.AttemptId;

        Assert.That(Refusal(await stranger.TypeAsync(qr)), Is.EqualTo(Unusable));
        await TypeWrongAsync(scene.Phone, 1);
        Assert.That(Refusal(await scene.Phone.TypeAsync(qr)), Is.EqualTo((410, code)));
        await AgeAsync(qr, "301 s");
        Assert.That(Refusal(await scene.Phone.TypeAsync(qr)), Is.EqualTo((410, code)), "before attempt_expired");
    }

    private const string Rest =
        """ "codeVerifier":"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk","identifiers":[{"kind":"phone","value":"+8613800138000"}]} """;
    private const string Id = "\"attemptId\":\"0192f0c1-0000-7000-8000-000000000000\"";
    private const string Ticket = "\"ticket\":\"AAAAAAAAAAAAAAAAAAAAAA\"";

    [TestCase("{" + Rest, "ticket")]
    [TestCase("{" + Ticket + "," + Id + ",\"typedCode\":\"0123-4567\"," + Rest, "ticket")]
    [TestCase("{" + Ticket + ",\"typedCode\":\"0123-4567\"," + Rest, "ticket", "attemptId")]
    [TestCase("{" + Ticket + "," + Id + "," + Rest, "ticket", "typedCode")]
    [TestCase("{" + Id + "," + Rest, "typedCode")]
    [TestCase("{\"typedCode\":\"0123-4567\"," + Rest, "attemptId")]
    [TestCase("{" + Id + ",\"typedCode\":\"0123-456U\"," + Rest, "typedCode")]
    [TestCase("{" + Id + ",\"typedCode\":\"\"," + Rest, "typedCode")]
    [TestCase("{\"attemptId\":\"{0192f0c1-0000-7000-8000-000000000000}\",\"typedCode\":\"0123-4567\"," + Rest, "attemptId")]
    public async Task None_both_half_or_a_malformed_form_is_invalid_request_and_names_the_member(string body, params string[] members)
    {
        using var phone = new Phone(World.Server);
        var answer = await phone.CallAsync(HttpMethod.Post, "/api/login/redeem", new StringContent(body, null, "application/json"));
        Assert.That(Refusal(answer), Is.EqualTo((400, "invalid_request")));
        Assert.That(answer["errors"].AsObject().Select(each => each.Key), Is.EquivalentTo(members), answer.Text);
    }

    private static (int, string?) Refusal(Answer answer) => (answer.Status, answer.Code);

    private static async Task TypeWrongAsync(Phone phone, int times)
    {
        for (var i = 0; i < times; i++)
        {
            Assert.That(Refusal(await phone.RedeemTypedAsync($"WRNG-000{i}")), Is.EqualTo(Unusable));
        }
    }

    /// <summary>As if the attempt and its tickets had been made that much earlier.</summary>
    private static Task<int> AgeAsync(JsonNode qr, string by) => World.Admin.ExecuteAsync(
        """
        update login_ticket set created_at = created_at - @by::interval, expires_at = expires_at - @by::interval
        where attempt_id = @id::uuid;
        update login_attempt set created_at = created_at - @by::interval, expires_at = expires_at - @by::interval,
          redeemed_at = redeemed_at - @by::interval where id = @id::uuid
        """, new { id = qr["attemptId"]!.ToString(), by });
}
