using System.Net.Http.Headers;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Backend;
using QrLogin.Server.Tests.Descriptions;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.OAuth;

/// <summary>Services of the site check a phone's token and end it (RFC 7662, RFC 7009, RFC 6750).</summary>
internal sealed class TokenTests : SiteTest
{
    [Test]
    public async Task A_phones_token_is_introspected()
    {
        var id = SiteBackend.NewUserId();
        using var phone = new Phone(World.Server);
        using var browser = await Site.BrowserAsync(id, phone);
        await phone.IdentifyAsync();
        var granted = await phone.ScanAsync(await browser.Page.HearsAsync("qr"));

        var token = await AskAsync(Site, "introspect", ("token", phone.Token!), ("token_type_hint", "access_token"), ("x", "y"));

        Assert.That(token.Status, Is.EqualTo(200), token.Text);
        var account = await World.Admin.QueryAsync<Guid>("select id from account where external_id = @id", new { id });
        var (iat, exp) = ((long)token["iat"], (long)token["exp"]);
        Assert.That(iat, Is.EqualTo(DateTimeOffset.UtcNow.ToUnixTimeSeconds()).Within(10));
        Assert.That(exp - iat, Is.EqualTo(2_592_000).Within(1));
        Assert.That(token.Text, Is.EqualTo(
            $$"""
            {"active":true,"sub":"{{account}}","username":"{{Site.Name}}/{{id}}","name":"Alice","iss":"{{TestServer.Origin}}",
            "iat":{{iat}},"exp":{{exp}},"token_type":"Bearer","sid":"{{granted["session"]["id"]}}","external_id":"{{id}}"}
            """.Replace("\n", "", StringComparison.Ordinal)));
    }

    [Test]
    public async Task To_ask_about_a_token_is_a_use_of_its_session()
    {
        using var scene = await Scene.ReadyAsync();
        var id = await scene.AdmittedAsync();
        await World.Admin.ExecuteAsync(
            """
            update session set created_at = created_at - interval '20 d', last_seen_at = last_seen_at - interval '20 d',
              expires_at = expires_at - interval '20 d'
            where id = @id::uuid
            """, new { id });
        var token = await AskAsync(Site, "introspect", ("token", scene.Phone.Token!));
        Assert.That((long)token["exp"] - (long)token["iat"], Is.EqualTo(50 * 86_400).Within(30), "30 d from now");
    }

    [Test]
    public async Task To_another_client_the_user_has_no_id_of_the_sites()
    {
        using var phone = new Phone(World.Server);
        using var browser = await Site.BrowserAsync(SiteBackend.NewUserId(), phone);
        await phone.IdentifyAsync();
        await phone.ScanAsync(await browser.Page.HearsAsync("qr"));
        using var other = await SiteBackend.NewAsync(World.Server, "introspect");
        var token = await AskAsync(other, "introspect", ("token", phone.Token!));
        Assert.That(((bool)token["active"], token.Body["external_id"]), Is.EqualTo((true, (object?)null)));
    }

    [Test]
    public async Task All_that_is_no_living_phones_token_answers_alike()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();
        var token = scene.Phone.Token!;
        var cookie = scene.Browser.Cookie!.Split('=')[1];
        var answers = new List<Answer>();
        foreach (var other in new[] { cookie, Phone.NewVerifier(), "x", token[..42], token + "A", " " + token, new string('a', 5000) })
        {
            answers.Add(await AskAsync(Site, "introspect", ("token", other)));
        }

        await scene.Phone.SignOutAsync();
        answers.Add(await AskAsync(Site, "introspect", ("token", token)));
        Assert.That(answers.Select(each => (each.Status, each.Text)).Distinct(), Is.EqualTo(new[] { (200, "{\"active\":false}") }));
        Assert.That((await scene.Browser.WhoAmIAsync()).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_token_is_revoked_once_and_its_revocation_is_always_200()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();
        foreach (var token in new[] { scene.Phone.Token!, scene.Phone.Token!, Phone.NewVerifier(), scene.Browser.Cookie!.Split('=')[1] })
        {
            Assert.That((await AskAsync(Site, "revoke", ("token", token))).Word(), Is.EqualTo("200"));
        }

        var refused = await scene.Phone.WhoAmIAsync();
        Assert.That((refused.Status, refused.Header("WWW-Authenticate")), Is.EqualTo((401, "Bearer error=\"invalid_token\"")));
        Assert.That((await scene.Browser.WhoAmIAsync()).Status, Is.EqualTo(200), "a cookie is no token");
        await scene.Page.HearsAsync("sessions");
        await Eventually.IsAsync(
            async () => await World.Admin.QueryAsync<int>(
                "select count(*)::int from admin.audit where username = @Username and detail = 'by its token, by ' || @Name",
                new { scene.Account.Username, Site.Name }) == 1,
            "the trail has it once");
    }

    [Test]
    public async Task Who_sends_no_form_or_no_token_or_no_secret_is_told_so_in_both_tongues()
    {
        using var http = Calls.Client(World.Server);
        using var revoker = await SiteBackend.NewAsync(World.Server, "revoke");
        foreach (var (answer, status, code, error) in new[]
        {
            (await AskAsync(Site, "introspect"), 400, "invalid_request", "invalid_request"),
            (await AskAsync(Site, "introspect", ("token", "a"), ("token", "b")), 400, "invalid_request", "invalid_request"),
            (await AskAsync(Site, "introspect", ("token", "\0")), 400, "invalid_request", "invalid_request"),
            (await AskAsync(revoker, "introspect", ("token", "a")), 403, "scope_required", "unauthorized_client"),
            (await Site.CallAsync(HttpMethod.Post, "/oauth/introspect", new { token = "a" }),
                415, "unsupported_media_type", "invalid_request"),
            (await http.CallAsync(HttpMethod.Post, "/oauth/revoke"), 401, "client_required", "invalid_client"),
        })
        {
            Assert.That((answer.Status, answer.Code, answer["error"].ToString()), Is.EqualTo((status, code, error)), answer.Text);
            Assert.That(answer.Body["errors"]?.ToJsonString(), Is.EqualTo(status == 400 ? """{"token":["Send one, in a form."]}""" : null));
        }

        var nobody = await http.CallAsync(HttpMethod.Get, "/api/session");
        Assert.That(nobody.Header("WWW-Authenticate"), Is.EqualTo("Bearer"), "who has sent nothing made no error");
    }

    [Test]
    public async Task Who_has_failed_too_often_or_asks_while_the_database_is_away_is_told_that_it_is_so_for_a_time()
    {
        await using var strict = new TestServer(World.Database, new() { ["Limits:ClientFailuresPerMinute"] = "1" });
        await using var away = new TestServer(DocumentTests.NoDatabase, new() { [ServerLog.Level] = "Fatal" });
        foreach (var (server, status) in new[] { (strict, 429), (away, 503) })
        {
            using var stranger = new SiteBackend(server, "nobody", Phone.NewVerifier());
            await AskAsync(stranger, "introspect", ("token", "a"));
            foreach (var call in new[] { "introspect", "revoke" })
            {
                var answer = await AskAsync(stranger, call, ("token", "a"));
                Assert.That((answer.Status, answer["error"].ToString()), Is.EqualTo((status, "temporarily_unavailable")), answer.Text);
            }
        }
    }

    [Test]
    public async Task A_service_of_the_site_greets_the_phones_user_until_its_token_is_revoked()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();
        await using var service = await GreetingService.StartAsync(World.Server, Site);
        using var http = new HttpClient { BaseAddress = service.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", scene.Phone.Token);
        for (var i = 0; i < 20; i++)
        {
            Assert.That(await http.GetStringAsync("/greeting"), Is.EqualTo("Hello, Alice"));
        }

        Assert.That(service.Asked, Is.LessThan(20), "it believes an answer for a while");
        await AskAsync(Site, "revoke", ("token", scene.Phone.Token!));
        await Eventually.IsAsync(
            async () => (int)(await http.GetAsync("/greeting")).StatusCode == 401, "it stops");
    }

    private static Task<Answer> AskAsync(SiteBackend client, string what, params (string Name, string Value)[] form) =>
        client.CallAsync(
            HttpMethod.Post, $"/oauth/{what}", new FormUrlEncodedContent(form.Select(each => KeyValuePair.Create(each.Name, each.Value))));
}
