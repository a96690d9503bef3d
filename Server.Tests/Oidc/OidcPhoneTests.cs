using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Oidc;

/// <summary>A number that the provider vouches for is bound to the account, and no other.</summary>
internal sealed class OidcPhoneTests
{
    private readonly Visitor visitor = new(OidcStage.Server);
    private readonly Phone phone = new(OidcStage.Server);

    [TearDown]
    public void End()
    {
        visitor.Dispose();
        phone.Dispose();
    }

    [TestCase(true)]
    [TestCase("true")]
    public async Task A_verified_number_finds_the_computer_and_signs_the_phone_in(object verified)
    {
        var alice = OidcStage.Provider.Has(Person.With(phone, verified));
        await visitor.SignInAsync(alice);
        await visitor.SignInAsync(alice);
        using var browser = new Browser(OidcStage.Server) { Cookie = $"qrlogin={visitor.Session}" };
        await browser.OpenPageAsync();
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        var granted = await phone.ScanAsync(await browser.Page.HearsAsync("qr"));
        Assert.That(granted.Status, Is.EqualTo(200), granted.Text);
        Assert.That(granted["account"]["username"]!.ToString(), Is.EqualTo(OidcStage.AccountOf(alice).Username));

        var rows = await World.Admin.TrailAsync(OidcStage.AccountOf(alice), until: "sign_in", times: 2);
        var bound = $"computer bind, phone +{new string('•', phone.Number.Length - 5)}{phone.Number[^4..]}, by example";
        var signedIn = $"computer sign_in, by example: {alice.Subject}";
        Assert.That(
            rows.Where(row => row.Actor == "computer").Select(row => $"{row}, {row.Detail}"),
            Is.EqualTo(new[] { bound, signedIn, signedIn }));
    }

    [TestCase(false)]
    [TestCase("false")]
    [TestCase("yes")]
    [TestCase(1)]
    [TestCase(null)]
    public async Task One_for_which_the_provider_does_not_vouch_is_not_bound(object? verified)
    {
        var alice = OidcStage.Provider.Has(Person.With(phone, verified));
        Assert.That(await visitor.SignInAsync(alice), Is.EqualTo("/"));
        Assert.That(await BoundAsync(alice), Is.Empty);
    }

    [Test]
    public async Task One_of_which_the_provider_does_not_say_is_not_bound()
    {
        var alice = Person.With(phone, true);
        alice.Claims.Remove("phone_number_verified");
        Assert.That(await visitor.SignInAsync(OidcStage.Provider.Has(alice)), Is.EqualTo("/"));
        Assert.That(await BoundAsync(alice), Is.Empty);
    }

    [Test]
    public async Task What_userinfo_vouches_for_is_not_the_number_that_the_token_has()
    {
        var alice = Person.With(phone, true) with { TokenClaims = new() { ["phone_number"] = phone.Number } };
        alice.Claims.Remove("phone_number");
        Assert.That(await visitor.SignInAsync(OidcStage.Provider.Has(alice)), Is.EqualTo("/"));
        Assert.That(await BoundAsync(alice), Is.Empty);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task One_of_which_only_the_token_says_is_bound_if_it_vouches_for_it(bool verified)
    {
        var alice = OidcStage.Provider.Has(new Person
        {
            TokenClaims = new() { ["phone_number"] = phone.Number, ["phone_number_verified"] = verified },
        });
        Assert.That(await visitor.SignInAsync(alice), Is.EqualTo("/"));
        Assert.That(await BoundAsync(alice), Is.EqualTo(verified ? new[] { phone.Number } : []));
    }

    [Test]
    public async Task What_is_no_number_keeps_nobody_out()
    {
        var alice = Person.With(phone, true);
        alice.Claims["phone_number"] = "ext. 12";
        Assert.That(await visitor.SignInAsync(OidcStage.Provider.Has(alice)), Is.EqualTo("/"));
        Assert.That(await BoundAsync(alice), Is.Empty);
    }

    [Test]
    public async Task A_number_that_another_account_has_stays_there_and_the_trail_says_so()
    {
        var owner = await World.Admin.HasAccountAsync(phone);
        var alice = OidcStage.Provider.Has(Person.With(phone, true));
        Assert.That(await visitor.SignInAsync(alice), Is.EqualTo("/"));
        Assert.That(await BoundAsync(alice), Is.Empty);
        Assert.That(
            await World.Admin.QueryAsync<string>("select username from admin.bindings where value = @Number", new { phone.Number }),
            Is.EqualTo(owner.Username));
        var rows = await World.Admin.TrailAsync(OidcStage.AccountOf(alice), until: "sign_in");
        Assert.That(rows.Select(row => $"{row}"), Is.EqualTo(new[] { "computer bind: identifier_taken", "computer sign_in" }));
    }

    private static Task<string[]> BoundAsync(Person person) => World.Admin.ListAsync<string>(
        "select value from admin.bindings where username = @Username", new { OidcStage.AccountOf(person).Username });
}
