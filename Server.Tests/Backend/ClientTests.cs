using System.Net;
using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Backend;

/// <summary>Who may call for a site: its secret, its scopes, and their end.</summary>
internal sealed class ClientTests
{
    private static readonly object Device = new { kind = "phone", value = "+9991234567" };

    private static readonly (string Scope, HttpMethod Method, string Path, object? Body)[] Calls =
    [
        ("sessions", HttpMethod.Delete, "/api/backend/accounts/nobody/sessions", null),
        ("sessions", HttpMethod.Post, "/api/backend/accounts/nobody/disable", null),
        ("sessions", HttpMethod.Post, "/api/backend/accounts/nobody/enable", null),
        ("sessions", HttpMethod.Delete, "/api/backend/accounts/nobody", null),
        ("bindings", HttpMethod.Get, "/api/backend/accounts/nobody/bindings", null),
        ("bindings", HttpMethod.Post, "/api/backend/accounts/nobody/bindings", Device),
        ("bindings", HttpMethod.Post, "/api/backend/accounts/nobody/bindings/remove", Device),
    ];

    [Test]
    public async Task A_client_may_do_what_its_scopes_say_and_nothing_else()
    {
        foreach (var scope in new[] { "sessions", "bindings", "introspect", "revoke" })
        {
            using var site = await SiteBackend.NewAsync(World.Server, scope);
            foreach (var call in Calls)
            {
                var answer = await site.CallAsync(call.Method, call.Path, call.Body);
                Assert.That(answer.Word(), Is.EqualTo(call.Scope == scope ? "404 not_found" : "403 scope_required"), $"{scope}: {call}");
            }

            foreach (var call in new[] { "introspect", "revoke" })
            {
                var form = new FormUrlEncodedContent([KeyValuePair.Create("token", "x")]);
                var answer = await site.CallAsync(HttpMethod.Post, $"/oauth/{call}", form);
                Assert.That(answer.Word(), Is.EqualTo(call == scope ? "200" : "403 scope_required"), $"{scope}: {call}");
            }

            Assert.That((await site.OpenAsync("u1")).Status, Is.EqualTo(scope == "sessions" ? 200 : 403));
        }
    }

    [Test]
    public async Task Without_a_right_secret_it_is_401_whatever_is_wrong()
    {
        using var site = await SiteBackend.NewAsync(World.Server);
        using var other = await SiteBackend.NewAsync(World.Server);
        using var http = Actors.Calls.Client(World.Server);
        var bytes = new List<string>();
        foreach (var credentials in new[]
        {
            null, "Basic", "Basic ", "Basic !", "Bearer " + site.Secret, Basic(site.Name), Basic($"{site.Name}:"), Basic($":{site.Secret}"),
            Basic($"{site.Name}:{other.Secret}"), Basic($"nobody:{site.Secret}"), Basic($"{site.Name}:{site.Secret}x"),
            Basic($"{site.Name.ToUpperInvariant()}:{site.Secret}"), Basic($"{site.Name}\0:{site.Secret}"), Basic(new string('a', 4000)),
        })
        {
            (string, string)[] headers = credentials is null ? [] : [("Authorization", credentials)];
            var answer = await http.CallAsync(HttpMethod.Get, "/api/backend/accounts/x/bindings", null, headers);
            Assert.That(answer.Word(), Is.EqualTo("401 client_required"), credentials);
            Assert.That(answer.Header("WWW-Authenticate"), Is.EqualTo("Basic realm=\"QrLogin\", charset=\"UTF-8\""));
            bytes.Add(answer.Text);
        }

        Assert.That(bytes.Distinct().Count(), Is.EqualTo(1));
        Assert.That((await site.OpenAsync("u1")).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task After_a_rotation_both_secrets_work_until_the_overlap_is_over()
    {
        using var site = await SiteBackend.NewAsync(World.Server);
        var former = site.Secret;
        site.Secret = await World.Admin.QueryAsync<string>("select admin.rotate_client(@Name)", new { site.Name });
        Assert.That((await site.OpenAsync("u1")).Status, Is.EqualTo(200));
        using var late = new SiteBackend(World.Server, site.Name, former);
        Assert.That((await late.OpenAsync("u1")).Status, Is.EqualTo(200));

        await World.Admin.ExecuteAsync("update client set former_until = now() where name = @Name", new { site.Name });
        Assert.That((await late.OpenAsync("u1")).Status, Is.EqualTo(401));
        Assert.That((await site.OpenAsync("u1")).Status, Is.EqualTo(200));

        await World.Admin.ExecuteAsync("select admin.rotate_client(@Name, '0')", new { site.Name });
        Assert.That((await site.OpenAsync("u1")).Status, Is.EqualTo(401), "a secret that has leaked");
    }

    [Test]
    public async Task A_disabled_client_is_out_at_once_with_the_codes_that_it_has_got()
    {
        using var site = await SiteBackend.NewAsync(World.Server);
        using var browser = new Browser(World.Server);
        var code = await site.CodeAsync("u1");
        await World.Admin.ExecuteAsync("select admin.disable_client(@Name)", new { site.Name });
        Assert.That((await site.OpenAsync("u1")).Word(), Is.EqualTo("401 client_required"));
        Assert.That((await browser.HandOverAsync(code)).Word(), Is.EqualTo("400 invalid_handoff"));

        await World.Admin.ExecuteAsync("select admin.enable_client(@Name)", new { site.Name });
        Assert.That((await browser.HandOverAsync(await site.CodeAsync("u1"))).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_client_that_sends_its_secret_only_when_it_is_asked_to_is_served()
    {
        await using var server = new TestServer(World.Database, new() { ["Limits:ClientFailuresPerMinute"] = "5" });
        using var site = await SiteBackend.NewAsync(server);
        using var http = new HttpClient(new HttpClientHandler { Credentials = new NetworkCredential(site.Name, site.Secret) });
        for (var i = 0; i < 10; i++)
        {
            var answer = await http.GetAsync(new Uri(server.Address, "/api/backend/accounts/nobody/bindings"));
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        }
    }

    [Test]
    public async Task A_client_keeps_the_name_by_which_its_accounts_are_known()
    {
        using var site = await SiteBackend.NewAsync(World.Server);
        await site.CodeAsync("u1");
        foreach (var sql in new[] { "update client set name = 'another' where name = @Name", "delete from client where name = @Name" })
        {
            var error = await Assert.ThrowsAsync<PostgresException>(() => World.Admin.ExecuteAsync(sql, new { site.Name }));
            Assert.That(error!.MessageText, Does.Contain("has accounts"));
        }

        await site.OfAsync("u1", HttpMethod.Delete, "");
        Assert.That(await World.Admin.ExecuteAsync("delete from client where name = @Name", new { site.Name }), Is.EqualTo(1));
    }

    [Test]
    public async Task Who_has_no_secret_hears_429_in_the_end_and_who_has_one_never_does()
    {
        await using var server = new TestServer(World.Database, new() { ["Limits:ClientFailuresPerMinute"] = "5" });
        using var site = await SiteBackend.NewAsync(server);
        using var wrong = new SiteBackend(server, site.Name, Phone.NewVerifier());
        var answers = new List<Answer>();
        for (var i = 0; i < 8; i++)
        {
            answers.Add(await wrong.OpenAsync("u1"));
        }

        Assert.That(answers.Select(each => each.Status), Is.EqualTo(new[] { 401, 401, 401, 401, 401, 429, 429, 429 }));
        Assert.That(int.Parse(answers[^1].Header("Retry-After")!, null), Is.InRange(1, 60));
        Assert.That((await site.OpenAsync("u1")).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Only_a_hash_of_the_secret_is_kept_and_the_trail_says_what_administrators_did()
    {
        using var site = await SiteBackend.NewAsync(World.Server, "sessions");
        await World.Admin.ExecuteAsync(
            """
            select admin.rotate_client(@Name); select admin.set_client_scopes(@Name, array['revoke', 'introspect', 'revoke']);
            select admin.disable_client(@Name); select admin.disable_client(@Name); select admin.enable_client(@Name);
            """, new { site.Name });
        Assert.That(
            await World.Admin.QueryAsync<string>("select c::text from client c where name = @Name", new { site.Name }),
            Does.Contain("{introspect,revoke}").And.Not.Contain(site.Secret));
        Assert.That(
            await World.Admin.ListAsync<string>(
                "select event from admin.audit where actor = 'administrator' and detail ~ @Name order by at", new { site.Name }),
            Is.EqualTo(new[] { "create_client", "rotate_client", "set_client_scopes", "disable_client", "enable_client" }));
    }

    [TestCase("select admin.create_client('Shop', array['sessions'])", "is not a valid name")]
    [TestCase("select admin.create_client('shop-of-tests', array['all'])", "not among those there are")]
    [TestCase("select admin.create_client('shop-of-tests', '{}')", "not among those there are")]
    [TestCase("select admin.create_client('shop-of-tests', null)", "not among those there are")]
    [TestCase("select admin.rotate_client('nobody')", "There is no client")]
    [TestCase("select admin.set_client_scopes('nobody', array['sessions'])", "There is no client")]
    public async Task What_is_wrong_is_said_with_a_hint(string sql, string said)
    {
        var error = await Assert.ThrowsAsync<PostgresException>(() => World.Admin.ExecuteAsync(sql));
        Assert.That(error!.MessageText, Does.Contain(said));
        Assert.That(error.Hint, Is.Not.Empty);
    }

    private static string Basic(string text) => $"Basic {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text))}";
}
