using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>
/// F2, on the pages: PostgreSQL is out of reach while people press. Both say so, nothing is lost, and the same press works afterwards.
/// </summary>
internal sealed class FaultTests : PageScene
{
    private static readonly NpgsqlConnectionStringBuilder Direct = new(World.Database);

    [Test]
    public async Task Each_page_says_that_the_service_is_away_and_goes_on_where_it_was()
    {
        using var wire = new LossyWire(Direct.Host!, Direct.Port);
        var database = new NpgsqlConnectionStringBuilder(World.Database) { Host = "127.0.0.1", Port = wire.Port }.ConnectionString;
        await using var server = new TestServer(database, port: TestServer.FreePort());
        using var app = new Phone(server);
        var alice = await World.Admin.HasAccountAsync(app);
        var computer = await OpenComputerAsync(new() { Server = server });
        var phone = new PhonePage(await OpenAsync("/phone", new() { Server = server, Width = 390, Height = 844 }));
        computer.Screen.MayHear("status of 503");
        phone.Screen.MayHear("status of 503");

        wire.IsDown = true;
        await computer.SignInAsync(alice);
        await computer.SeesAsync("The service is not available at the moment.");
        await computer.Screen.PictureAsync("unavailable-sign-in");
        wire.IsDown = false;
        await computer.PressAsync("Sign in");
        await computer.ReadyAsync();

        wire.IsDown = true;
        await phone.AskAsync(app.Number);
        await phone.SeesAsync("The service is not available at the moment.");
        wire.IsDown = false;
        await phone.PressAsync("Sign in");
        await phone.ScansAsync();
        await computer.ShowsCodeAsync();

        wire.IsDown = true;
        await computer.PressAsync("Not me");
        await Expect(computer.Dialog).ToContainTextAsync("The service is not available at the moment.");
        await computer.Screen.PictureAsync("unavailable-not-me");
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("The service is not available at the moment.");
        await phone.Screen.PictureAsync("phone-unavailable");
        wire.IsDown = false;
        await phone.PressAsync("Try again");
        await phone.SeesAsync("You are signed in as Alice");
        await Expect(computer.Notices).ToContainTextAsync("was signed in at");

        wire.IsDown = true;
        await computer.PressAsync("Undo");
        var news = computer.Page.Locator("qr-login .notices");
        await Expect(news).ToContainTextAsync("The service is not available at the moment.");
        wire.IsDown = false;
        await computer.PressAsync("Undo");
        await Expect(news).ToContainTextAsync("Undone.");
    }
}
