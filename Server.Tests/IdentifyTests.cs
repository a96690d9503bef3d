using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>PROTOCOL.md: POST /api/login/identify.</summary>
internal sealed class IdentifyTests
{
    [Test]
    public async Task Identify_answers_202_with_attempt_check_code_and_lifetime_and_pushes_the_qr()
    {
        using var scene = await Scene.ReadyAsync();

        var answer = await scene.Phone.IdentifyAsync();
        var qr = await scene.Page.HearsAsync("qr");

        Assert.That(answer.Status, Is.EqualTo(202));
        Assert.That(answer.Body.AsObject().Select(each => each.Key), Is.EqualTo(new[] { "attemptId", "checkCode", "expiresIn" }));
        Assert.That(answer["checkCode"].ToString(), Does.Match("^[1-9][0-9]$"));
        Assert.That((int)answer["expiresIn"], Is.EqualTo(300));
        Assert.That(answer.Header("Cache-Control"), Is.EqualTo("no-store"));
        Assert.That(
            qr.AsObject().Select(each => each.Key),
            Is.EqualTo(new[] { "type", "attemptId", "image", "typedCode", "expiresIn", "attemptExpiresIn", "checkCode", "device" }));
        Assert.That(qr["attemptId"]!.ToString(), Is.EqualTo(answer["attemptId"].ToString()));
        Assert.That(((int)qr["expiresIn"]!, (int)qr["attemptExpiresIn"]!), Is.EqualTo((60, 300)));
        Assert.That(
            qr["device"]!.ToJsonString(), Is.EqualTo("""{"name":"Pixel 10","platform":"Android 17","address":"127.0.0.1"}"""));
        Assert.That(QrReader.Read(qr["image"]!.ToString()), Does.Match("^http://localhost:8080/q#[A-Za-z0-9_-]{22}$"));
    }

    [Test]
    public async Task The_device_is_optional_and_made_harmless()
    {
        using var scene = await Scene.ReadyAsync();
        scene.Phone.Device = null;
        Assert.That(
            (await scene.CodeAsync())["device"]!.ToJsonString(), Is.EqualTo("""{"name":null,"platform":null,"address":"127.0.0.1"}"""));

        scene.Phone.Verifier = Phone.NewVerifier();
        scene.Phone.Device = new { name = "Ev\0il\u202e\n\u001b[31m <b>" + new string('x', 100), platform = " \t " };
        var device = (await scene.CodeAsync())["device"]!;
        Assert.That(device["name"]!.ToString(), Is.EqualTo("Evil[31m <b>" + new string('x', 52)));
        Assert.That(device["platform"], Is.Null);
    }

    [Test]
    public async Task Each_session_with_a_page_is_shown_a_ticket_of_its_own_and_every_page_of_it_the_same()
    {
        using var scene = await Scene.ReadyAsync();
        var secondTab = await scene.Browser.OpenPageAsync();
        using var elsewhere = await Browser.AtAsync(World.Server, scene.Account);
        var otherPc = elsewhere.Page;

        var first = QrReader.TicketOf(await scene.CodeAsync());
        var same = QrReader.TicketOf(await secondTab.HearsAsync("qr"));
        var own = QrReader.TicketOf(await otherPc.HearsAsync("qr"));

        Assert.That(same, Is.EqualTo(first));
        Assert.That(own, Is.Not.EqualTo(first));
        Assert.That((await scene.Phone.RedeemAsync(own)).Status, Is.EqualTo(200));
        await Task.WhenAll(scene.Page.HearsAsync("ended"), secondTab.HearsAsync("ended"), otherPc.HearsAsync("ended"));
    }

    [Test]
    public async Task The_first_identifier_that_finds_a_live_connection_decides_the_account()
    {
        using var offline = new Phone(World.Server);
        await World.Admin.HasAccountAsync(offline);
        using var second = await Scene.ReadyAsync();
        using var third = await Scene.ReadyAsync();
        using var phone = new Phone(
            World.Server, offline.Identifiers[0], ("phone", Phone.NewNumber()), second.Phone.Identifiers[0], third.Phone.Identifiers[0]);

        await second.CodeAsync(phone);
        Assert.That((await third.Browser.WhoAmIAsync()).Status, Is.EqualTo(200));
        Assert.That(third.Page.Heard.Select(each => each["type"]!.ToString()), Is.All.EqualTo("welcome"));
    }

    [Test]
    public async Task A_newer_attempt_supersedes_the_open_one_and_never_has_its_check_code()
    {
        using var scene = await Scene.ReadyAsync();
        var first = await scene.CodeAsync();

        var second = await scene.CodeAsync(scene.AnotherPhone());

        var ended = scene.Page.Heard.Single(each => each["type"]!.ToString() == "ended");
        Assert.That(
            (ended["attemptId"]!.ToString(), ended["outcome"]!.ToString()), Is.EqualTo((first["attemptId"]!.ToString(), "superseded")));
        Assert.That(second["checkCode"]!.ToString(), Is.Not.EqualTo(first["checkCode"]!.ToString()));
        Assert.That((await scene.Phone.ScanAsync(first)).Code, Is.EqualTo("superseded"));
    }

    [Test]
    public async Task Identify_repeated_with_the_challenge_of_the_open_attempt_returns_that_attempt()
    {
        using var scene = await Scene.ReadyAsync();
        var first = await scene.Phone.IdentifyAsync();
        var again = await scene.Phone.IdentifyAsync();
        Assert.That(again.Status, Is.EqualTo(202));
        Assert.That(
            (again["attemptId"].ToString(), again["checkCode"].ToString()),
            Is.EqualTo((first["attemptId"].ToString(), first["checkCode"].ToString())));
    }

    [Test]
    public async Task Who_knows_only_the_number_cannot_push_aside_an_attempt_with_a_bound_app_identifier()
    {
        var number = ("phone", Phone.NewNumber());
        using var scene = await Scene.ReadyAsync(("app", Phone.NewInstallId()), number);
        var qr = await scene.CodeAsync();

        Assert.That((await scene.AnotherPhone(number).IdentifyAsync()).Code, Is.EqualTo("no_live_connection"));
        Assert.That(
            (await scene.AnotherPhone(number, ("app", Phone.NewInstallId())).IdentifyAsync()).Code, Is.EqualTo("no_live_connection"),
            "an app identifier that is not bound counts for nothing");
        Assert.That((await scene.Phone.ScanAsync(qr)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task An_attempt_with_a_bound_app_identifier_supersedes_any()
    {
        var number = ("phone", Phone.NewNumber());
        var app = ("app", Phone.NewInstallId());
        using var scene = await Scene.ReadyAsync(app, number);

        await scene.CodeAsync(scene.AnotherPhone(number));
        await scene.CodeAsync();
        await scene.CodeAsync(scene.AnotherPhone(app));

        Assert.That(scene.Page.Heard.Count(each => each["outcome"]?.ToString() == "superseded"), Is.EqualTo(2));
    }

    [Test]
    public async Task Not_me_mutes_the_address_but_not_a_phone_with_a_bound_app_identifier()
    {
        var number = ("phone", Phone.NewNumber());
        using var scene = await Scene.ReadyAsync(("app", Phone.NewInstallId()), number);
        await scene.DeclineAsync(await scene.CodeAsync(scene.AnotherPhone(number)));

        Assert.That((await scene.AnotherPhone(number).IdentifyAsync()).Code, Is.EqualTo("no_live_connection"));
        Assert.That((await scene.Phone.IdentifyAsync()).Status, Is.EqualTo(202));

        await World.Admin.ExecuteAsync(
            """
            update login_attempt set declined_at = declined_at - interval '11 min', created_at = created_at - interval '11 min'
            where declined_at is not null and account_id = (select id from account where username = @Username)
            """, new { scene.Account.Username });
        await scene.DeclineAsync(JsonNode.Parse($$"""{"attemptId":"{{(await scene.Phone.IdentifyAsync())["attemptId"]}}"}""")!);
        Assert.That(
            (await scene.AnotherPhone(number).IdentifyAsync()).Code, Is.EqualTo("no_live_connection"),
            "a decline of the app mutes those without");
    }

    [Test]
    public async Task The_fourth_attempt_in_a_minute_is_too_many_and_counted_apart_from_those_with_a_bound_app_identifier()
    {
        var number = ("phone", Phone.NewNumber());
        using var scene = await Scene.ReadyAsync(("app", Phone.NewInstallId()), number);
        for (var i = 0; i < 3; i++)
        {
            Assert.That((await scene.AnotherPhone(number).IdentifyAsync()).Status, Is.EqualTo(202));
        }

        var limited = await scene.AnotherPhone(number).IdentifyAsync();

        Assert.That((limited.Status, limited.Code), Is.EqualTo((429, "too_many_requests")));
        Assert.That(int.Parse(limited.Header("Retry-After")!, null), Is.InRange(50, 60));
        Assert.That((await scene.Phone.IdentifyAsync()).Status, Is.EqualTo(202));
    }

    [Test]
    public async Task The_thirty_first_attempt_in_an_hour_is_too_many()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.CodeAsync();
        await World.Admin.ExecuteAsync(
            """
            insert into login_attempt (id, account_id, identifiers, has_app, code_challenge, address, check_code,
              created_at, expires_at, superseded_at)
            select gen_random_uuid(), account_id, identifiers, has_app, code_challenge, address, check_code,
              now() - i * interval '2 min', now(), now()
            from login_attempt, generate_series(1, 29) as i where account_id = (select id from account where username = @Username)
            """, new { scene.Account.Username });

        var limited = await scene.AnotherPhone().IdentifyAsync();

        Assert.That(limited.Status, Is.EqualTo(429));
        Assert.That(int.Parse(limited.Header("Retry-After")!, null), Is.InRange(100, 130), "until the oldest is an hour ago");
    }

    private const string Number = """{"kind":"phone","value":"+8613800138000"}""";
    private const string Challenge = "\"codeChallenge\":\"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\"";
    private const string MalformedChallenge = "\"codeChallenge\":\"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN\"";

    [TestCase("{}", "identifiers", "codeChallenge", "codeChallengeMethod")]
    [TestCase($$$"""{"identifiers":[],{{{Challenge}}},"codeChallengeMethod":"S256"}""", "identifiers")]
    [TestCase($$$"""{"identifiers":[null],{{{Challenge}}},"codeChallengeMethod":"S256"}""", "identifiers[0].kind")]
    [TestCase($$$"""{"identifiers":[{"kind":"fax","value":"1"}],{{{Challenge}}},"codeChallengeMethod":"S256"}""", "identifiers[0].kind")]
    [TestCase($$$"""{"identifiers":[{"kind":"phone"}],{{{Challenge}}},"codeChallengeMethod":"S256"}""", "identifiers[0].value")]
    [TestCase(
        $$$"""{"identifiers":[{{{Number}}},{"kind":"phone","value":"1"}],{{{Challenge}}},"codeChallengeMethod":"S256"}""",
        "identifiers[1].value")]
    [TestCase($$$"""{"identifiers":[{{{Number}}}],{{{Challenge}}},"codeChallengeMethod":"plain"}""", "codeChallengeMethod")]
    [TestCase($$$"""{"identifiers":[{{{Number}}}],{{{MalformedChallenge}}},"codeChallengeMethod":"S256"}""", "codeChallenge")]
    [TestCase($$$"""{"identifiers":[{{{Number}}}],{{{Challenge}}},"codeChallengeMethod":"S256","device":{"name":7}}""", "device.name")]
    [TestCase($$$"""{"Identifiers":[{{{Number}}}],{{{Challenge}}},"codeChallengeMethod":"S256"}""", "identifiers")]
    public async Task A_body_of_the_wrong_form_is_invalid_request_and_names_the_member(string body, params string[] members)
    {
        using var phone = new Phone(World.Server);
        var answer = await phone.CallAsync(HttpMethod.Post, "/api/login/identify", new StringContent(body, null, "application/json"));
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_request")));
        Assert.That(answer["errors"].AsObject().Select(each => each.Key), Is.EquivalentTo(members), answer.Text);
    }

    [Test]
    public async Task Nine_identifiers_are_too_many_and_eight_are_not()
    {
        (string, string)[] nine = [.. Enumerable.Range(0, 9).Select(_ => ("phone", Phone.NewNumber()))];
        using var phone = new Phone(World.Server, nine);
        Assert.That((await phone.IdentifyAsync()).Code, Is.EqualTo("invalid_request"));
        phone.Identifiers = nine[..8];
        Assert.That((await phone.IdentifyAsync()).Code, Is.EqualTo("no_live_connection"));
    }
}
