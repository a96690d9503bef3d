using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;
using QrLogin.Server.Tests.Oidc;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The PC's page with the provider's button, in a browser that goes to the provider's own page and back.</summary>
internal sealed class ProviderTests : PageScene
{
    private static readonly ScreenOptions Here = new() { Server = OidcStage.Server };

    [Test]
    public async Task A_user_signs_in_at_the_provider_and_a_phone_by_its_code()
    {
        var app = Keep(new Phone(OidcStage.Server));
        var alice = OidcStage.Provider.Has(Person.With(app, true));
        var computer = await OpenComputerAsync(Here);
        await computer.Screen.PictureAsync("provider-sign-in");
        await computer.PressAsync("Sign in with Example ID");
        await GoOnAsync(computer, alice);
        await computer.ReadyAsync();
        await computer.SeesAsync("Alice Example");
        Assert.That(computer.Page.Url, Is.EqualTo($"{OidcStage.Server.PublicOrigin}/"));
        Assert.That(
            (await computer.Page.Context.CookiesAsync()).Select(each => (each.Name, each.SameSite)),
            Is.EqualTo(new[] { ("qrlogin", SameSiteAttribute.Strict) }));

        await app.IdentifyAsync();
        Assert.That((await app.RedeemAsync(QrReader.TicketIn(await computer.ShowsCodeAsync()))).Status, Is.EqualTo(200));
        await computer.SeesAsync("Was it you?");
        await computer.PressAsync("It was me");
        await computer.PressAsync("Sign out");
        await computer.SeesAsync("Sign in with Example ID");
    }

    [TestCase("en-US", "Sign in with Example ID", "You were not signed in. The sign-in was cancelled, or you may not sign in here.")]
    [TestCase("zh-CN", "使用 Example ID 登录", "您没有登录。 登录被取消，或您无权在此登录。")]
    public async Task Who_cancels_at_the_provider_is_told_so_and_can_try_again(string locale, string button, string told)
    {
        var computer = await OpenComputerAsync(Here with { Locale = locale });
        await computer.PressAsync(button);
        await computer.PressAsync("Cancel");
        await computer.SeesAsync(told);
        await computer.Screen.PictureAsync($"provider-cancelled-{locale}");
        Assert.That(computer.Page.Url, Is.EqualTo($"{OidcStage.Server.PublicOrigin}/"), "the reason is no longer in the address");
        await computer.PressAsync(button);
        await GoOnAsync(computer, OidcStage.Provider.Has(new Person()));
        await computer.SeesAsync("Alice Example");
    }

    [Test]
    public async Task Who_comes_back_to_the_provider_too_late_is_told_to_start_again()
    {
        var computer = await OpenComputerAsync(Here);
        await computer.PressAsync("Sign in with Example ID");
        await computer.Page.GetByLabel("Your name").WaitForAsync();
        await computer.Page.Context.ClearCookiesAsync();
        await GoOnAsync(computer, OidcStage.Provider.Has(new Person()));
        await computer.SeesAsync("That sign-in is no longer good. It took too long, or was begun in another browser. Start again.");
    }

    [Test]
    public async Task A_disabled_account_is_told_so()
    {
        var alice = OidcStage.Provider.Has(new Person());
        using (var before = new Visitor(OidcStage.Server))
        {
            await before.SignInAsync(alice);
        }

        await World.Admin.QueryAsync<int>("select admin.disable_account(@Username)", new { OidcStage.AccountOf(alice).Username });
        var computer = await OpenComputerAsync(Here);
        await computer.PressAsync("Sign in with Example ID");
        await GoOnAsync(computer, alice);
        await computer.SeesAsync("This account is disabled.");
    }

    [Test]
    public async Task A_provider_that_does_not_answer_is_told_on_the_spot()
    {
        await using var server = await OidcStage.ServerAsync(
            OidcStage.Provider, ("Oidc:Authority", "http://127.0.0.1:9"), (ServerLog.Level, "Fatal"));
        var computer = await OpenComputerAsync(new() { Server = server });
        computer.Screen.MayHear("503");
        await computer.PressAsync("Sign in with Example ID");
        await computer.SeesAsync("The sign-in service does not answer.");
        await Expect(computer.Page.GetByLabel("Password")).ToBeVisibleAsync();
    }

    [Test]
    public async Task Another_tab_that_shows_the_sign_in_is_signed_in_as_well()
    {
        var computer = await OpenComputerAsync(Here);
        var other = await OpenTabAsync(computer);
        await computer.PressAsync("Sign in with Example ID");
        await GoOnAsync(computer, OidcStage.Provider.Has(new Person()));
        await other.SeesAsync("Alice Example");
    }

    [Test]
    public async Task A_reason_in_the_address_is_only_ever_words_of_ours_and_nothing_to_who_is_signed_in()
    {
        var computer = await OpenComputerAsync(Here);
        await computer.Page.GotoAsync("about:blank");
        await computer.Page.GotoAsync($"{OidcStage.Server.PublicOrigin}/#refused=<b>call_0900</b>");
        await Expect(computer.Page.GetByRole(AriaRole.Alert)).ToBeHiddenAsync();
        await computer.PressAsync("Sign in with Example ID");
        await GoOnAsync(computer, OidcStage.Provider.Has(new Person()));
        await computer.ReadyAsync();
        await computer.Page.GotoAsync("about:blank");
        await computer.Page.GotoAsync($"{OidcStage.Server.PublicOrigin}/#refused=account_disabled");
        await computer.ReadyAsync();
        await Expect(computer.Page.GetByText("This account is disabled.")).ToHaveCountAsync(0);
    }

    [Test]
    public async Task Without_a_provider_there_is_no_such_button()
    {
        var computer = await OpenComputerAsync();
        await computer.SeesAsync("User name");
        await Expect(computer.Page.GetByRole(AriaRole.Button)).ToHaveCountAsync(1);
    }

    private static async Task GoOnAsync(ComputerPage computer, Person person)
    {
        await computer.Page.GetByLabel("Your name").FillAsync(person.Username);
        await computer.PressAsync("Continue");
    }
}
