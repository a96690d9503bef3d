using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Oidc;

/// <summary>PROTOCOL.md §4: who signs in at the provider is signed in here.</summary>
internal sealed class OidcSignInTests
{
    private readonly Visitor visitor = new(OidcStage.Server);

    [TearDown]
    public void End() => visitor.Dispose();

    [Test]
    public async Task Who_signs_in_at_the_provider_is_signed_in_here_and_of_the_way_there_no_cookie_stays()
    {
        var alice = OidcStage.Provider.Has(new Person());
        Assert.That(await visitor.SignInAsync(alice), Is.EqualTo("/"));
        Assert.That(visitor.Cookies.Keys, Is.EqualTo(new[] { "qrlogin" }));
        Assert.That(visitor.SetCookies, Has.One.Matches("^qrlogin=[A-Za-z0-9_-]{43}; path=/; samesite=strict; httponly$"));
        var session = await visitor.WhoAmIAsync();
        Assert.That(
            session["account"].ToJsonString(),
            Is.EqualTo($$"""{"username":"oidc.{{OidcStage.Name}}/{{alice.Subject}}","displayName":"Alice Example"}"""));
        Assert.That((int)session["session"]["expiresIn"]!, Is.InRange(43_100, 43_200));

        var rows = await World.Admin.TrailAsync(OidcStage.AccountOf(alice), until: "sign_in");
        Assert.That(rows.Select(row => $"{row}, {row.Detail}"), Is.EqualTo(new[] { $"computer sign_in, by example: {alice.Subject}" }));
        Assert.That($"{rows[0].SessionId}", Is.EqualTo(session["session"]["id"]!.ToString()));
    }

    [Test]
    public async Task The_provider_is_asked_for_a_code_with_PKCE_state_and_nonce_and_to_come_back_to_the_public_origin()
    {
        var begun = Visitor.Query(await visitor.BeginAsync());
        Assert.That(begun["response_type"], Is.EqualTo("code"));
        Assert.That(begun["scope"], Is.EqualTo("openid profile phone"));
        Assert.That(begun["code_challenge_method"], Is.EqualTo("S256"));
        Assert.That(begun["code_challenge"], Has.Length.EqualTo(43));
        Assert.That(begun["nonce"], Has.Length.GreaterThan(40));
        Assert.That(begun, Does.Not.ContainKey("response_mode").And.Not.ContainKey("client_secret"));
        Assert.That(begun["redirect_uri"], Is.EqualTo($"{OidcStage.Server.PublicOrigin}/api/session/oidc/callback"));
        var again = Visitor.Query(await visitor.BeginAsync());
        foreach (var name in new[] { "state", "nonce", "code_challenge" })
        {
            Assert.That(again[name], Is.Not.EqualTo(begun[name]), name);
        }

        using var http = Calls.Client(OidcStage.Server);
        var elsewhere = await http.CallAsync(
            HttpMethod.Post, "/api/session/oidc", null, ("Origin", OidcStage.Server.PublicOrigin), ("Host", "evil.example"));
        Assert.That(Visitor.Query(elsewhere)["redirect_uri"], Is.EqualTo(begun["redirect_uri"]), "whatever Host the request names");
    }

    [TestCase(TestServer.Origin, "", "")]
    [TestCase("https://login.example.com", "__Host-", "; secure")]
    public async Task Its_cookies_are_host_bound_secure_and_gone_after_ten_minutes(string origin, string prefix, string secure)
    {
        var settings = await OidcStage.Provider.RegisterAsync(origin, OidcStage.Name);
        settings["PublicOrigin"] = origin;
        await using var server = new TestServer(World.Database, settings);
        using var browser = new Browser(server);
        var answer = await browser.CallAsync(HttpMethod.Post, "/api/session/oidc", origin: origin);
        var cookies = answer.Response.Headers.GetValues("Set-Cookie").ToList();
        Assert.That(cookies, Has.Count.EqualTo(2), "state and nonce");
        Assert.That(cookies, Is.All.Match(
            $"^{prefix}qrlogin-oidc(-nonce)?[.][A-Za-z0-9_-]{{40,300}}=N; expires=[^;]+ GMT; path=/{secure}; samesite=lax; httponly$"));
        foreach (var cookie in cookies)
        {
            var expires = DateTimeOffset.Parse(cookie.Split("expires=")[1].Split(';')[0], null);
            Assert.That(expires - DateTimeOffset.UtcNow, Is.InRange(TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10)));
        }
    }

    [Test]
    public async Task The_session_that_the_browser_had_ends_though_its_strict_cookie_does_not_come_back_from_the_provider()
    {
        await visitor.SignInAsync(OidcStage.Provider.Has(new Person()));
        var former = visitor.Session!;
        var callback = await visitor.GoAsync(await visitor.BeginAsync(), OidcStage.Provider.Has(new Person()));
        visitor.Cookies.Remove("qrlogin");
        Assert.That(await visitor.ReturnAsync(callback), Is.EqualTo("/"));
        var present = visitor.Session!;
        Assert.That((await visitor.WhoAmIAsync()).Status, Is.EqualTo(200));
        visitor.Cookies["qrlogin"] = former;
        Assert.That((await visitor.WhoAmIAsync()).Status, Is.EqualTo(401));
        Assert.That(present, Is.Not.EqualTo(former));
    }

    [Test]
    public async Task What_one_node_has_begun_another_ends_also_after_a_restart()
    {
        var settings = await OidcStage.Provider.RegisterAsync(TestServer.Origin, OidcStage.Name);
        var one = new TestServer(World.Database, settings);
        using var there = new Visitor(one);
        var callback = await there.GoAsync(await there.BeginAsync(), OidcStage.Provider.Has(new Person()));
        await one.DisposeAsync();
        await using var other = new TestServer(World.Database, settings);
        using var here = new Visitor(other);
        foreach (var (name, value) in there.Cookies)
        {
            here.Cookies[name] = value;
        }

        Assert.That(await here.ReturnAsync(callback), Is.EqualTo("/"));
        Assert.That((await here.WhoAmIAsync()).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Who_comes_again_has_the_same_account_with_the_name_of_today()
    {
        var alice = OidcStage.Provider.Has(new Person());
        await visitor.SignInAsync(alice);
        OidcStage.Provider.Has(alice with { Claims = new() { ["name"] = " Alicia\u202E\n " } });
        await visitor.SignInAsync(alice);
        Assert.That((await visitor.WhoAmIAsync())["account"]["displayName"]!.ToString(), Is.EqualTo("Alicia"));
        Assert.That(
            await World.Admin.QueryAsync<long>("select count(*) from account where external_id = @Subject", new { alice.Subject }),
            Is.EqualTo(1));
    }

    [TestCase("preferred_username", "alice")]
    [TestCase("nickname", "Ali")]
    [TestCase("email", "alice@example.com")]
    [TestCase("picture", null)]
    public async Task Who_has_no_name_is_called_by_the_next_best_thing(string claim, string? name)
    {
        var alice = OidcStage.Provider.Has(new Person { Claims = new() { ["name"] = " ", [claim] = name ?? "x" } });
        await visitor.SignInAsync(alice);
        Assert.That((await visitor.WhoAmIAsync())["account"]["displayName"]!.ToString(), Is.EqualTo(name ?? alice.Subject));
    }

    [Test]
    public async Task What_userinfo_calls_somebody_goes_before_what_the_token_does()
    {
        var alice = new Person { TokenClaims = new() { ["name"] = "Alice of the token" } };
        await visitor.SignInAsync(OidcStage.Provider.Has(alice));
        Assert.That((await visitor.WhoAmIAsync())["account"]["displayName"]!.ToString(), Is.EqualTo("Alice Example"));
        OidcStage.Provider.Has(alice with { Claims = new() { ["email"] = "alice@example.com" } });
        await visitor.SignInAsync(alice);
        Assert.That((await visitor.WhoAmIAsync())["account"]["displayName"]!.ToString(), Is.EqualTo("Alice of the token"));
    }

    [Test]
    public async Task The_end_the_claims_and_the_scopes_are_as_configured()
    {
        await using var server = await OidcStage.ServerAsync(
            OidcStage.Provider, ("Oidc:ReturnPath", "/example/shop.html"), ("Oidc:Scopes", "openid"), ("Oidc:NameClaim", "handle"),
            ("Oidc:PhoneClaim", "mobile"), ("Oidc:PhoneVerifiedClaim", "mobile_verified"));
        using var there = new Visitor(server);
        using var phone = new Phone(server);
        var begun = await there.BeginAsync();
        Assert.That(Visitor.Query(begun)["scope"], Is.EqualTo("openid"));
        var alice = OidcStage.Provider.Has(new Person
        {
            Claims = new() { ["name"] = "Alice", ["handle"] = "al", ["mobile"] = phone.Number, ["mobile_verified"] = true },
        });
        Assert.That(await there.ReturnAsync(await there.GoAsync(begun, alice)), Is.EqualTo("/example/shop.html"));
        Assert.That((await there.WhoAmIAsync())["account"]["displayName"]!.ToString(), Is.EqualTo("al"));
        Assert.That(
            await World.Admin.QueryAsync<string>("select username from admin.bindings where value = @Number", new { phone.Number }),
            Is.EqualTo(OidcStage.AccountOf(alice).Username));
    }

    [Test]
    public async Task Without_a_provider_there_is_no_such_call()
    {
        using var http = Calls.Client(World.Server);
        Assert.That((await http.CallAsync(HttpMethod.Post, "/api/session/oidc")).Word(), Is.EqualTo("404 not_found"));
        Assert.That((await http.CallAsync(HttpMethod.Get, "/api/session/oidc/callback?code=x")).Word(), Is.EqualTo("404 not_found"));
        var described = await http.GetStringAsync("/openapi/v1.json");
        Assert.That(described, Does.Contain("/api/session/handoff").And.Not.Contain("/api/session/oidc"));
    }
}
