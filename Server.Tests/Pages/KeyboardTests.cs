using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The PC's page by keyboard alone: the focus is in sight at each stop, and after each action where its user goes on.</summary>
internal sealed class KeyboardTests : PageScene
{
    [Test]
    public async Task The_story_by_keyboard_alone_and_by_a_typed_code()
    {
        var app = Keep(new Phone(Server));
        var alice = await World.Admin.HasAccountAsync(app);
        var computer = await OpenComputerAsync();
        await Expect(computer.Page.GetByLabel("User name")).ToBeFocusedAsync();
        await computer.Page.Keyboard.TypeAsync(alice.Username);
        await computer.Page.Keyboard.PressAsync("Tab");
        await computer.Page.Keyboard.TypeAsync(Account.Password);
        await computer.Page.Keyboard.PressAsync("Enter");
        await computer.ReadyAsync();
        var phone = await OpenPhoneAsync();
        var hands = new Hands(computer.Page);
        var thumbs = new Hands(phone.Page);
        await thumbs.ReachAsync("Phone number");
        await phone.Page.Keyboard.TypeAsync(app.Number);
        await phone.Page.Keyboard.PressAsync("Enter");
        await phone.ScansAsync();

        await computer.ShowsCodeAsync();
        await hands.PressAsync("Cannot scan? Show a code to type");
        await Expect(computer.Dialog.GetByRole(AriaRole.Button, new() { Expanded = true })).ToBeFocusedAsync();
        var shown = await computer.Dialog.Locator(".typed strong").TextContentAsync();
        Assert.That(shown, Does.Match("^[0-9A-Z]{4}-[0-9A-Z]{4}$"));
        await Expect(computer.Dialog.Locator(".typed .hidden-visually")).ToHaveTextAsync(string.Join(' ', shown!.ToCharArray()));
        await computer.Screen.PictureAsync("typed-code");

        await thumbs.PressAsync("Type a code instead");
        await thumbs.StandAtAsync("Type the code from your computer");
        await thumbs.ReachAsync("Code");
        await phone.Page.Keyboard.TypeAsync("12345");
        await phone.Page.Keyboard.PressAsync("Enter");
        await phone.SeesAsync("This is not a whole code");
        await phone.Screen.PictureAsync("phone-type");
        await phone.Page.Keyboard.TypeAsync($" {shown.ToLowerInvariant().Replace("-", " ").Replace('0', 'o').Replace('1', 'l')} ");
        await phone.Page.Keyboard.PressAsync("Enter");
        await thumbs.StandAtAsync("You are signed in as Alice");

        await hands.PressAsync("Undo");
        await Expect(computer.Notices).ToContainTextAsync("Undone.");
        await Expect(News(computer)).ToBeFocusedAsync();
    }

    [Test]
    public async Task A_request_is_hidden_shown_again_and_refused()
    {
        var (computer, app) = await ReadyAsync();
        var hands = new Hands(computer.Page);
        await app.IdentifyAsync();
        await computer.ShowsCodeAsync();
        await hands.PressAsync("Hide");
        await hands.StandAtAsync("QrLogin");

        const string show = "A phone is waiting: show the code";
        await hands.PressAsync(show);
        await hands.StandAtAsync("A phone wants to sign in");
        await hands.PressAsync("Hide", "Space");
        await Expect(computer.Page.GetByRole(AriaRole.Button, new() { Name = show })).ToBeFocusedAsync();
        await hands.PressAsync(show, "Space");
        await computer.ShowsCodeAsync();
        await hands.PressAsync("Not me");

        await Expect(computer.Notices).ToContainTextAsync("Refused. Nobody was signed in");
        await Expect(News(computer)).ToBeFocusedAsync();
        await hands.PressAsync("Close");
        await Expect(computer.Notices).ToHaveCountAsync(0);
        await Expect(News(computer)).ToBeFocusedAsync();
    }

    [Test]
    public async Task A_request_that_was_shown_again_and_scanned_leads_to_its_notice()
    {
        var (computer, app) = await ReadyAsync();
        var hands = new Hands(computer.Page);
        await app.IdentifyAsync();
        var ticket = QrReader.TicketIn(await computer.ShowsCodeAsync());
        await hands.PressAsync("Hide");
        await hands.PressAsync("A phone is waiting: show the code");
        await app.RedeemAsync(ticket);
        await Expect(News(computer)).ToBeFocusedAsync();
        await hands.PressAsync("It was me");
        await Expect(computer.Notices).ToHaveCountAsync(0);
        await Expect(News(computer)).ToBeFocusedAsync();
    }

    [Test]
    public async Task A_session_is_ended_and_a_list_that_changes_leaves_the_focus_where_it_is()
    {
        var first = Keep(new Phone(Server));
        var second = Keep(new Phone(Server, first.Identifiers));
        var computer = await OpenComputerAsync();
        await computer.SignInAsync(await World.Admin.HasAccountAsync(first));
        await computer.ReadyAsync();
        foreach (var phone in new[] { first, second })
        {
            await phone.IdentifyAsync();
            await phone.RedeemAsync(QrReader.TicketIn(await computer.ShowsCodeAsync()));
            await Expect(computer.Dialog).ToBeHiddenAsync();
        }

        var phones = computer.Sessions.Locator("li.mobile");
        var hands = new Hands(computer.Page);
        await Expect(phones).ToHaveCountAsync(2);
        await hands.PressAsync("End: Pixel 10, Android 17"); // the newer one
        await Expect(phones).ToHaveCountAsync(1);
        await hands.StandAtAsync("Where you are signed in");

        var own = computer.Sessions.GetByRole(AriaRole.Button).First;
        await hands.ReachAsync((await own.GetAttributeAsync("aria-label"))!);
        await first.SignOutAsync();
        await Expect(phones).ToHaveCountAsync(0);
        await Expect(own).ToBeFocusedAsync();

        computer.Screen.MayHear("status of 401");
        await computer.Page.Keyboard.PressAsync("Enter");
        await Expect(computer.Page.GetByLabel("User name")).ToBeFocusedAsync();
    }

    [TestCase(1001, "Connect now")]
    [TestCase(4409, "Use this tab")]
    public async Task A_connection_is_opened_again(int code, string button)
    {
        var (computer, closing) = await OpenWithScriptedCloseAsync();
        await closing(code);
        await new Hands(computer.Page).PressAsync(button);
        await computer.ReadyAsync();
        await Expect(News(computer)).ToBeFocusedAsync();
    }

    private static ILocator News(ComputerPage computer) => computer.Page.GetByRole(AriaRole.Region, new() { Name = "News" });
}
