using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Oidc;

/// <summary>What signs nobody in ends on the sign-in page with the reason.</summary>
internal sealed class OidcRefusalTests
{
    private const string Expired = "/#refused=sign_in_expired";
    private const string Failed = "/#refused=provider_failed";
    private readonly Visitor visitor = new(OidcStage.Server);

    [TearDown]
    public void End() => visitor.Dispose();

    [TestCase("https://evil.example")]
    [TestCase("null")]
    [TestCase(null)]
    public async Task It_begins_on_a_page_of_ours_only(string? origin)
    {
        Assert.That((await visitor.BeginAsync(origin)).Word(), Is.EqualTo("403 origin_not_allowed"));
        Assert.That(visitor.SetCookies, Is.Empty);
    }

    [TestCase("")]
    [TestCase("?")]
    [TestCase("?code=x")]
    [TestCase("?code=x&state=")]
    [TestCase("?code=x&state=AAAA")]
    [TestCase("?code=x&state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [TestCase("?error=access_denied&error_description=call+0900+123")]
    [TestCase("?id_token=x&state=AAAA")]
    [TestCase("/?code=x&state=AAAA")]
    public async Task What_has_no_state_of_ours_signs_nobody_in_and_leaves_a_sign_in_that_is_under_way(string query)
    {
        var alice = OidcStage.Provider.Has(new Person());
        var callback = await visitor.GoAsync(await visitor.BeginAsync(), alice);
        Assert.That(await visitor.ReturnAsync(new Uri(callback, callback.AbsolutePath + query)), Is.EqualTo(Expired));
        Assert.That(visitor.Session, Is.Null);
        Assert.That(await visitor.ReturnAsync(callback), Is.EqualTo("/"));
    }

    [Test]
    public async Task An_answer_for_another_browser_signs_nobody_in()
    {
        using var attacker = new Visitor(OidcStage.Server);
        var mallory = OidcStage.Provider.Has(new Person());
        var callback = await attacker.GoAsync(await attacker.BeginAsync(), mallory);
        await visitor.BeginAsync();
        Assert.That(await visitor.ReturnAsync(callback), Is.EqualTo(Expired));
        Assert.That(visitor.Session, Is.Null);
        Assert.That(await attacker.ReturnAsync(callback), Is.EqualTo("/"), "it is good where it was begun");
    }

    [Test]
    public async Task A_code_of_another_sign_in_is_worth_nothing_in_this_one()
    {
        using var victim = new Visitor(OidcStage.Server);
        var stolen = await victim.GoAsync(await victim.BeginAsync(), OidcStage.Provider.Has(new Person()));
        var own = await visitor.GoAsync(await visitor.BeginAsync(), OidcStage.Provider.Has(new Person()));
        var code = (Uri uri) => uri.Query.Split("code=")[1].Split('&')[0];
        Assert.That(await visitor.ReturnAsync(new Uri(own.ToString().Replace(code(own), code(stolen)))), Is.EqualTo(Failed), "PKCE");
        Assert.That(visitor.Session, Is.Null);
    }

    [Test]
    public async Task An_answer_serves_once()
    {
        var callback = await visitor.GoAsync(await visitor.BeginAsync(), OidcStage.Provider.Has(new Person()));
        var before = new Dictionary<string, string>(visitor.Cookies);
        Assert.That(await visitor.ReturnAsync(callback), Is.EqualTo("/"));
        Assert.That(await visitor.ReturnAsync(callback), Is.EqualTo(Expired));
        Assert.That((await visitor.WhoAmIAsync()).Status, Is.EqualTo(200), "who is signed in stays so");
        using var thief = new Visitor(OidcStage.Server);
        foreach (var (name, value) in before)
        {
            thief.Cookies[name] = value;
        }

        Assert.That(await thief.ReturnAsync(callback), Is.EqualTo(Failed), "its cookies too, and the code is used");
        Assert.That(thief.Cookies, Is.Empty);
    }

    [Test]
    public async Task Without_the_cookie_that_has_expired_it_signs_nobody_in()
    {
        var callback = await visitor.GoAsync(await visitor.BeginAsync(), OidcStage.Provider.Has(new Person()));
        visitor.Cookies.Clear();
        Assert.That(await visitor.ReturnAsync(callback), Is.EqualTo(Expired));
    }

    [Test]
    public async Task What_the_token_says_counts_only_as_the_provider_has_signed_it()
    {
        Func<string, string>[] ways =
        [
            token => IdToken.WithClaim(token, "sub", "somebody else"), IdToken.Unsigned, token => token[..^8] + "AAAAAAAA",
            token => $"{token.Split('.')[0]}.{token.Split('.')[1]}.", _ => "",
        ];
        foreach (var (i, tamper) in ways.Index())
        {
            var alice = OidcStage.Provider.Has(new Person { Tamper = tamper });
            Assert.That(await visitor.SignInAsync(alice), Is.EqualTo(Failed), $"{i}");
        }

        Assert.That(visitor.Session, Is.Null);
        Assert.That(visitor.Cookies, Is.Empty, "nor does a cookie stay");
    }

    [Test]
    public async Task A_token_of_another_sign_in_is_refused_by_its_nonce()
    {
        string? former = null;
        var alice = new Person { Tamper = token => former ??= token };
        OidcStage.Provider.Has(alice);
        Assert.That(await visitor.SignInAsync(alice), Is.EqualTo("/"));
        visitor.Cookies.Clear();
        Assert.That(await visitor.SignInAsync(alice), Is.EqualTo(Expired));
        Assert.That(visitor.Session, Is.Null);
    }

    [Test]
    public async Task What_userinfo_says_of_somebody_else_is_refused()
    {
        var alice = OidcStage.Provider.Has(new Person { UserInfoSubject = "somebody else" });
        Assert.That(await visitor.SignInAsync(alice), Is.EqualTo(Failed));
    }

    [TestCase("access_denied", "access_denied")]
    [TestCase("login_required", "provider_failed")]
    [TestCase("server_error", "provider_failed")]
    public async Task What_the_provider_refuses_is_told_and_no_cookie_stays(string error, string code)
    {
        var alice = OidcStage.Provider.Has(new Person { Error = error });
        Assert.That(await visitor.SignInAsync(alice), Is.EqualTo($"/#refused={code}"));
        Assert.That(visitor.Cookies, Is.Empty);
    }

    [TestCase("sub ject")]
    [TestCase("subjéct")]
    public async Task Whose_subject_is_none_gets_no_account(string subject)
    {
        subject += Guid.NewGuid();
        Assert.That(await visitor.SignInAsync(OidcStage.Provider.Has(new Person { Subject = subject })), Is.EqualTo(Failed));
        Assert.That(
            await World.Admin.QueryAsync<long>("select count(*) from account where display_name = @subject", new { subject }), Is.Zero);
    }

    [Test]
    public async Task Whom_an_administrator_has_disabled_is_told_so_and_not_signed_in()
    {
        using var phone = new Phone(OidcStage.Server);
        var alice = OidcStage.Provider.Has(new Person());
        await visitor.SignInAsync(alice);
        var account = OidcStage.AccountOf(alice);
        await World.Admin.QueryAsync<int>("select admin.disable_account(@Username)", new { account.Username });
        Assert.That((await visitor.WhoAmIAsync()).Status, Is.EqualTo(401));

        OidcStage.Provider.Has(Person.With(phone, true) with { Username = alice.Username, Subject = alice.Subject });
        Assert.That(await visitor.SignInAsync(alice), Is.EqualTo("/#refused=account_disabled"));
        Assert.That((await visitor.WhoAmIAsync()).Status, Is.EqualTo(401));
        Assert.That(
            await World.Admin.QueryAsync<long>("select count(*) from binding where value = @Number", new { phone.Number }), Is.Zero);
        var rows = await World.Admin.TrailAsync(account, until: "sign_in", times: 2);
        Assert.That($"{rows[^1]}", Is.EqualTo("computer sign_in: account_disabled"));
    }
}
