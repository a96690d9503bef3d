using System.Net.WebSockets;
using System.Text;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>The PC's WebSocket.</summary>
internal sealed class ConnectTests
{
    [Test]
    public async Task The_first_message_is_the_welcome()
    {
        using var phone = new Phone(World.Server, ("phone", "+8613900139000"), ("app", Phone.NewInstallId()));
        var alice = await World.Admin.HasAccountAsync(phone);
        var (browser, page) = await Browser.AtAsync(World.Server, alice);

        Assert.That(page.Welcome["type"]!.ToString(), Is.EqualTo("welcome"));
        Assert.That(page.Welcome["account"]!["username"]!.ToString(), Is.EqualTo(alice.Username));
        Assert.That(page.Welcome["identifiers"]![0]!["masked"]!.ToString(), Is.EqualTo("+•••••••••9000"));
        Assert.That(page.Welcome["openAttempts"]!.AsArray(), Is.Empty);
        await browser.DisposeAsync();
    }

    [Test]
    public async Task A_page_that_speaks_is_closed_with_1008()
    {
        var (browser, page) = await Browser.AtAsync(World.Server, await World.Admin.HasAccountAsync());
        await page.Socket.SendAsync(Encoding.UTF8.GetBytes("hello"), WebSocketMessageType.Text, true, Page.Patience());
        Assert.That(await page.IsClosedAsync(), Is.EqualTo(1008));
        await browser.DisposeAsync();
    }

    [Test]
    public async Task A_page_that_closes_is_answered_and_found_no_more()
    {
        using var phone = new Phone(World.Server);
        var (browser, page) = await Browser.AtAsync(World.Server, await World.Admin.HasAccountAsync(phone));

        await page.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Page.Patience());

        Assert.That(page.Socket.CloseStatus, Is.EqualTo(WebSocketCloseStatus.NormalClosure));
        await Eventually.IsAsync(async () => (await phone.IdentifyAsync()).Code == "no_live_connection", "the page is forgotten");
        await browser.DisposeAsync();
    }

    [Test]
    public async Task A_server_that_goes_away_closes_with_1001()
    {
        var server = new TestServer(World.Database);
        var (browser, page) = await Browser.AtAsync(server, await World.Admin.HasAccountAsync());
        var closed = page.IsClosedAsync();

        await server.DisposeAsync();

        Assert.That(await closed, Is.EqualTo(1001));
        await browser.DisposeAsync();
    }

    [Test]
    public async Task The_ninth_page_of_a_session_closes_the_oldest_with_4409()
    {
        var (browser, oldest) = await Browser.AtAsync(World.Server, await World.Admin.HasAccountAsync());
        for (var i = 0; i < 8; i++)
        {
            await browser.OpenPageAsync();
        }

        Assert.That(await oldest.IsClosedAsync(), Is.EqualTo(4409));
        await browser.DisposeAsync();
    }
}
