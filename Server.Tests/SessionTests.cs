using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>PROTOCOL.md: GET and DELETE /api/session, GET /api/sessions, DELETE /api/sessions/{id}.</summary>
internal sealed class SessionTests
{
    [Test]
    public async Task Without_a_session_every_call_that_needs_one_is_401()
    {
        using var browser = new Browser(World.Server);
        var id = Guid.NewGuid();
        foreach (var (method, path) in new[]
        {
            (HttpMethod.Get, "/api/session"), (HttpMethod.Delete, "/api/session"), (HttpMethod.Get, "/api/sessions"),
            (HttpMethod.Delete, $"/api/sessions/{id}"),
            (HttpMethod.Post, $"/api/login/{id}/qr"), (HttpMethod.Post, $"/api/login/{id}/decline"),
        })
        {
            var answer = await browser.CallAsync(method, path);
            Assert.That((answer.Status, answer.Code), Is.EqualTo((401, "session_required")), path);
            Assert.That(answer.Header("Cache-Control"), Is.EqualTo("no-store"), path);
        }
    }

    [Test]
    public async Task A_phones_session_on_a_call_of_the_pc_is_403()
    {
        using var scene = await Scene.ReadyAsync();
        var id = await scene.AdmittedAsync();
        foreach (var (method, path) in new[]
        {
            (HttpMethod.Delete, $"/api/sessions/{id}"),
            (HttpMethod.Post, $"/api/login/{id}/qr"), (HttpMethod.Post, $"/api/login/{id}/decline"),
        })
        {
            var answer = await scene.Phone.CallAsync(method, path);
            Assert.That((answer.Status, answer.Code), Is.EqualTo((403, "web_session_required")), path);
        }
    }

    [Test]
    public async Task A_token_of_the_other_kind_is_no_session()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();
        var (cookieToken, phoneToken) = (scene.Browser.Cookie!.Split('=')[1], scene.Phone.Token);

        scene.Phone.Token = cookieToken;
        scene.Browser.Cookie = $"qrlogin={phoneToken}";

        Assert.That((await scene.Phone.WhoAmIAsync()).Status, Is.EqualTo(401), "a cookie's token as bearer");
        Assert.That((await scene.Browser.WhoAmIAsync()).Status, Is.EqualTo(401), "a bearer token as cookie");
    }

    [TestCase("Bearer nonsense")]
    [TestCase("Basic YTpi")]
    [TestCase("")]
    public async Task With_Authorization_present_the_cookie_is_ignored(string authorization)
    {
        using var scene = await Scene.ReadyAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = World.Server.Address };
        var answer = await http.CallAsync(
            HttpMethod.Get, "/api/session", null, ("Cookie", scene.Browser.Cookie!), ("Authorization", authorization));
        Assert.That(answer.Status, Is.EqualTo(401));
    }

    [Test]
    public async Task A_token_in_the_url_is_never_accepted()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();
        var token = scene.Phone.Token;
        scene.Phone.Token = null;
        Assert.That((await scene.Phone.CallAsync(HttpMethod.Get, $"/api/session?access_token={token}")).Status, Is.EqualTo(401));
    }

    [Test]
    public async Task The_list_has_the_live_sessions_newest_first_with_lineage()
    {
        using var scene = await Scene.ReadyAsync();
        var phoneId = await scene.AdmittedAsync();
        using var other = new Browser(World.Server);
        await other.SignInAsync(scene.Account);
        await other.SignOutAsync();

        var sessions = await scene.SessionsAsync();

        Assert.That(sessions, Has.Count.EqualTo(2), "the one that ended is not among them");
        var (phone, pc) = (sessions[0]!, sessions[1]!);
        Assert.That(phone["id"]!.ToString(), Is.EqualTo(phoneId));
        Assert.That(
            (phone["kind"]!.ToString(), pc["kind"]!.ToString(), (bool)phone["current"]!, (bool)pc["current"]!),
            Is.EqualTo(("mobile", "web", false, true)));
        Assert.That(phone["parentId"]!.ToString(), Is.EqualTo(pc["id"]!.ToString()));
        Assert.That(pc["parentId"], Is.Null);
        Assert.That(phone["device"]!.ToJsonString(), Is.EqualTo("""{"name":"Pixel 10","platform":"Android 17"}"""));
        Assert.That(phone["address"]!.ToString(), Is.EqualTo("127.0.0.1"));
        Assert.That(phone["createdAt"]!.ToString(), Does.Match(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"));
        Assert.That((int)phone["expiresIn"]!, Is.InRange(2591990, 2592000));
        Assert.That((await scene.Phone.CallAsync(HttpMethod.Get, "/api/sessions"))["sessions"].AsArray(), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_phones_session_lives_on_when_the_pc_signs_out()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();
        Assert.That((await scene.Browser.SignOutAsync()).Status, Is.EqualTo(204));
        Assert.That((await scene.Browser.WhoAmIAsync()).Status, Is.EqualTo(401));
        Assert.That((await scene.Phone.WhoAmIAsync())["session"]["kind"]!.ToString(), Is.EqualTo("mobile"));
    }

    [Test]
    public async Task The_pc_ends_one_session()
    {
        using var scene = await Scene.ReadyAsync();
        var id = await scene.AdmittedAsync();

        Assert.That((await scene.EndSessionAsync(id)).Status, Is.EqualTo(204));

        Assert.That((await scene.Phone.WhoAmIAsync()).Status, Is.EqualTo(401));
        Assert.That((await scene.Browser.WhoAmIAsync()).Status, Is.EqualTo(200));
        Assert.That((await scene.EndSessionAsync(id)).Code, Is.EqualTo("not_found"), "it has ended already");
    }

    [Test]
    public async Task The_pc_ends_a_session_with_every_phone_that_it_admitted_even_if_it_has_itself_ended()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();
        var admitting = (await scene.SessionsAsync()).Single(each => (bool)each!["current"]!)!["id"]!.ToString();
        await scene.Browser.SignOutAsync();
        await scene.Browser.SignInAsync(scene.Account);
        Assert.That((await scene.Phone.WhoAmIAsync()).Status, Is.EqualTo(200));

        Assert.That((await scene.EndSessionAsync(admitting)).Status, Is.EqualTo(404));
        Assert.That((await scene.EndSessionAsync(admitting, "?admitted=true")).Status, Is.EqualTo(204));

        Assert.That((await scene.Phone.WhoAmIAsync()).Status, Is.EqualTo(401));
        Assert.That((await scene.Browser.WhoAmIAsync()).Status, Is.EqualTo(200), "another PC session is not its child");
    }

    [Test]
    public async Task A_session_of_another_account_is_not_found()
    {
        using var scene = await Scene.ReadyAsync();
        using var eve = await Scene.ReadyAsync();
        var id = await scene.AdmittedAsync();

        Assert.That((await eve.EndSessionAsync(id)).Code, Is.EqualTo("not_found"));
        Assert.That((await eve.EndSessionAsync(id, "?admitted=true")).Code, Is.EqualTo("not_found"));
        Assert.That((await scene.EndSessionAsync(id, "?admitted=1"))["errors"]["admitted"], Is.Not.Null, "neither true nor false");
        Assert.That((await eve.EndSessionAsync("not-a-guid")).Code, Is.EqualTo("not_found"));
        Assert.That((await scene.Phone.WhoAmIAsync()).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Use_is_noted_once_a_minute_and_moves_the_idle_end_of_a_phones_session()
    {
        using var scene = await Scene.ReadyAsync();
        var id = await scene.AdmittedAsync();
        await scene.Phone.WhoAmIAsync();
        Assert.That(await SeenAgoAsync(id), Is.InRange(0, 30), "seen at its making; not written again within the minute");
        var seen = await SeenAtAsync(id);
        await scene.Phone.WhoAmIAsync();
        Assert.That(await SeenAtAsync(id), Is.EqualTo(seen));

        await AgeAsync(id, "20 d");
        Assert.That((int)(await scene.Phone.WhoAmIAsync())["session"]["expiresIn"]!, Is.InRange(2591990, 2592000), "idle: 30 d from now");

        await AgeAsync(id, "65 d", expiresIn: "1 h");
        Assert.That(
            (int)(await scene.Phone.WhoAmIAsync())["session"]["expiresIn"]!, Is.InRange(5 * 86400 - 30, 5 * 86400),
            "absolute: 90 d in all");
    }

    [Test]
    public async Task A_session_that_is_not_used_for_its_time_has_ended()
    {
        using var scene = await Scene.ReadyAsync();
        var id = await scene.AdmittedAsync();
        await AgeAsync(id, "31 d");
        Assert.That((await scene.Phone.WhoAmIAsync()).Status, Is.EqualTo(401));
    }

    private static Task<DateTime> SeenAtAsync(string id) => World.Admin.QueryAsync<DateTime>(
        "select last_seen_at from session where id = @id::uuid", new { id });

    private static Task<int> SeenAgoAsync(string id) => World.Admin.QueryAsync<int>(
        "select extract(epoch from now() - last_seen_at)::int from session where id = @id::uuid", new { id });

    private static Task<int> AgeAsync(string id, string by, string? expiresIn = null) => World.Admin.ExecuteAsync(
        """
        update session set created_at = created_at - @by::interval, last_seen_at = last_seen_at - @by::interval,
          expires_at = coalesce(now() + @expiresIn::interval, expires_at - @by::interval)
        where id = @id::uuid
        """, new { id, by, expiresIn });
}
