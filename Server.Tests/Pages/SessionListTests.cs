using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>Where the user is signed in: which PC admitted which phone, which are new, and the end of each.</summary>
internal sealed class SessionListTests : PageScene
{
    [Test]
    public async Task Phones_stand_below_the_computer_that_admitted_them_and_the_new_ones_are_pointed_out()
    {
        var (computer, alice, _) = await WithTwoPhonesAsync();

        var rows = computer.Sessions.Locator("li");
        await Expect(rows).ToHaveCountAsync(3);
        await Expect(rows.Nth(0)).ToContainTextAsync("This computer");
        await Expect(rows.Nth(1)).ToContainTextAsync("Pixel 10, Android 17");
        await Expect(rows.Nth(1)).ToContainTextAsync("New");
        await computer.SeesAsync("2 phones were admitted since you signed in here");
        await computer.Screen.PictureAsync("sessions");

        // Signed in anew, the phones are no news any more; the computer that admitted them is gone.
        await computer.PressAsync("Sign out");
        await computer.SignInAsync(alice);
        await computer.ReadyAsync();
        await computer.SeesAsync("Admitted by a computer that is signed out");
        await Expect(computer.Sessions.Locator("li.mobile")).ToHaveCountAsync(2);
        await Expect(computer.Sessions.Locator(".badge.new")).ToHaveCountAsync(0);
        await computer.Screen.PictureAsync("sessions-of-another-computer");
    }

    [Test]
    public async Task One_phone_is_ended_alone()
    {
        var (computer, _, phones) = await WithTwoPhonesAsync();
        await computer.Sessions.Locator("li.mobile").Last.GetByRole(AriaRole.Button).ClickAsync();
        await Expect(computer.Sessions.Locator("li.mobile")).ToHaveCountAsync(1);
        await Expect(computer.Page.GetByRole(AriaRole.Heading, new() { Name = "Where you are signed in" })).ToBeFocusedAsync();
        Assert.That((await phones[0].WhoAmIAsync()).Status, Is.EqualTo(401));
        Assert.That((await phones[1].WhoAmIAsync()).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_computer_is_ended_with_every_phone_that_it_admitted()
    {
        var (computer, _, phones) = await WithTwoPhonesAsync();
        computer.Screen.MayHear("status of 401");
        await computer.Page.GetByRole(AriaRole.Button, new() { Name = "End with every phone it admitted" }).ClickAsync();
        await computer.SeesAsync("Your session on this computer has ended.");
        Assert.That((await phones[0].WhoAmIAsync()).Status, Is.EqualTo(401));
        Assert.That((await phones[1].WhoAmIAsync()).Status, Is.EqualTo(401));
    }

    private async Task<(ComputerPage Computer, Account Alice, Phone[] Phones)> WithTwoPhonesAsync()
    {
        var first = Keep(new Phone(Server));
        var second = Keep(new Phone(Server, first.Identifiers));
        var alice = await World.Admin.HasAccountAsync(first);
        var computer = await OpenComputerAsync();
        await computer.SignInAsync(alice);
        await computer.ReadyAsync();
        foreach (var phone in new[] { first, second })
        {
            await phone.IdentifyAsync();
            await phone.RedeemAsync(QrReader.TicketIn(await computer.ShowsCodeAsync()));
            await Expect(computer.Dialog).ToBeHiddenAsync();
        }

        await Expect(computer.Sessions.Locator("li.mobile")).ToHaveCountAsync(2);
        return (computer, alice, [first, second]);
    }
}
