using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>The README's story, and its twins in which something goes wrong.</summary>
internal sealed class StoryTests
{
    private static TestServer Server => World.Server;

    private static Admin Admin => World.Admin;

    [Test]
    public async Task A_phone_is_signed_in_by_pointing_it_at_the_computer()
    {
        // Alice is signed in on her computer, and her phone is bound to her account.
        using var phone = new Phone(Server);
        var alice = await Admin.HasAccountAsync(phone);
        using var browser = await Browser.AtAsync(Server, alice);
        var page = browser.Page;

        // She picks up the phone and opens the app: a QR code appears on the computer.
        var attempt = await phone.IdentifyAsync();
        Assert.That(attempt.Status, Is.EqualTo(202), attempt.Text);
        var qr = await page.HearsAsync("qr");
        Assert.That(qr["checkCode"]!.ToString(), Is.EqualTo(attempt["checkCode"].ToString()), "both screens show the same two digits");
        Assert.That(qr["device"]!["name"]!.ToString(), Is.EqualTo("Pixel 10"), "the computer shows who asks");

        // She points the phone at it, and is signed in there.
        var granted = await phone.ScanAsync(qr);
        Assert.That(granted.Status, Is.EqualTo(200), granted.Text);
        Assert.That((await phone.WhoAmIAsync())["account"]["displayName"]!.ToString(), Is.EqualTo("Alice"));

        // The computer says so.
        var ended = await page.HearsAsync("ended");
        Assert.That(ended["outcome"]!.ToString(), Is.EqualTo("redeemed"));
        Assert.That(ended["session"]!["id"]!.ToString(), Is.EqualTo(granted["session"]["id"]!.ToString()));

        // Both stay signed in on their own: the phone signs out, the computer does not notice.
        Assert.That((await phone.SignOutAsync()).Status, Is.EqualTo(204));
        Assert.That((await phone.WhoAmIAsync()).Code, Is.EqualTo("session_required"));
        Assert.That((await browser.WhoAmIAsync()).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Nothing_connected_is_an_error_on_the_phone()
    {
        using var phone = new Phone(Server);
        var alice = await Admin.HasAccountAsync(phone);
        using var browser = new Browser(Server);
        await browser.SignInAsync(alice); // signed in, but no page is open

        var answer = await phone.IdentifyAsync();

        Assert.That((answer.Status, answer.Code), Is.EqualTo((404, "no_live_connection")));
    }

    [Test]
    public async Task Another_phone_that_scans_the_code_gets_nothing_and_the_computer_is_told()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();

        var refused = await scene.AnotherPhone().ScanAsync(qr);

        Assert.That((refused.Status, refused.Code), Is.EqualTo((400, "invalid_ticket")));
        Assert.That((await scene.Page.HearsAsync("warning"))["reason"]!.ToString(), Is.EqualTo("wrong_phone"));
        Assert.That((await scene.Phone.ScanAsync(qr)).Status, Is.EqualTo(200), "a wrong verifier ends nothing");
    }

    [Test]
    public async Task An_expired_code_gets_nothing()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await Admin.ExecuteAsync(
            """
            update login_ticket set created_at = created_at - interval '61 s', expires_at = expires_at - interval '61 s'
            where attempt_id = @id::uuid
            """, new { id = qr["attemptId"]!.ToString() });

        var refused = await scene.Phone.ScanAsync(qr);

        Assert.That((refused.Status, refused.Code), Is.EqualTo((410, "ticket_expired")));
    }

    [Test]
    public async Task A_used_code_gets_nothing_more()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await scene.Phone.ScanAsync(qr);
        await scene.Phone.SignOutAsync();

        var refused = await scene.Phone.ScanAsync(qr);

        Assert.That((refused.Status, refused.Code), Is.EqualTo((410, "already_redeemed")));
    }

    [Test]
    public async Task A_code_is_dead_once_its_computer_has_signed_out()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await scene.Browser.SignOutAsync();

        var refused = await scene.Phone.ScanAsync(qr);

        Assert.That((refused.Status, refused.Code), Is.EqualTo((410, "session_ended")));
    }
}
