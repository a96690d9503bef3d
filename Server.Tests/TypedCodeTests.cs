using System.Text.Json.Nodes;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>PROTOCOL.md, "The typed code": what is shown, and how it is read. <see cref="TypedRedeemTests"/> redeem it.</summary>
internal sealed class TypedCodeTests
{
    [Test]
    public async Task The_code_is_the_same_for_the_whole_attempt_and_session()
    {
        using var scene = await Scene.ReadyAsync();
        var first = await scene.CodeAsync();
        Assert.That(TypedIn(first), Does.Match("^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$"));

        await scene.RefreshAsync(first);
        Assert.That(TypedIn(await scene.Page.HearsAsync("qr")), Is.EqualTo(TypedIn(first)), "in a fresh code");

        var late = await scene.Browser.OpenPageAsync();
        await scene.RefreshAsync(first);
        Assert.That(TypedIn(await late.HearsAsync("qr")), Is.EqualTo(TypedIn(first)), "on a page that connects late");
    }

    [Test]
    public async Task A_page_that_connects_late_has_the_code_though_no_fresh_ticket_is_to_be_had()
    {
        using var scene = await Scene.ReadyAsync();
        var first = await scene.CodeAsync();
        while ((await scene.RefreshAsync(first)).Status == 204)
        {
        }

        var late = (await scene.Browser.OpenPageAsync()).Welcome["openAttempts"]![0]!;
        Assert.That(TypedIn(late), Is.EqualTo(TypedIn(first)));
        using var elsewhere = await Browser.AtAsync(World.Server, scene.Account);
        Assert.That(elsewhere.Page.Welcome["openAttempts"]![0]!.AsObject()["typedCode"], Is.Null, "it can have codes");
        Assert.That((await scene.Phone.TypeAsync(late)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task The_code_is_the_same_on_a_server_that_has_just_started()
    {
        using var scene = await Scene.ReadyAsync();
        var first = await scene.CodeAsync();
        await using var restarted = new TestServer(World.Database);
        using var browser = new Browser(restarted) { Cookie = scene.Browser.Cookie };
        var page = await browser.OpenPageAsync();

        await browser.CallAsync(HttpMethod.Post, $"/api/login/{first["attemptId"]}/qr");

        Assert.That(TypedIn(await page.HearsAsync("qr")), Is.EqualTo(TypedIn(first)));
        Secret.TryParse(browser.Cookie!.Split('=')[1], 32, out var token);
        var code = TypedCode.For(Guid.Parse(first["attemptId"]!.ToString()), token!.For("session key"u8));
        Assert.That(TypedIn(first), Is.EqualTo(code.Text), "it comes of the cookie and the attempt alone");
    }

    [Test]
    public async Task Another_session_and_another_attempt_have_other_codes()
    {
        using var scene = await Scene.ReadyAsync();
        using var elsewhere = await Browser.AtAsync(World.Server, scene.Account);
        var first = await scene.CodeAsync();
        var other = await elsewhere.Page.HearsAsync("qr");
        var next = await scene.CodeAsync(scene.AnotherPhone());

        Assert.That(other["attemptId"]!.ToString(), Is.EqualTo(first["attemptId"]!.ToString()));
        Assert.That(new[] { TypedIn(first), TypedIn(other), TypedIn(next) }, Is.Unique);
    }

    /// <summary>Computed in Python from what the summaries say; a code must survive an update of the server.</summary>
    [Test]
    public void The_code_is_HMAC_of_the_attempt_keyed_with_HMAC_of_the_token_and_is_stored_as_PBKDF2()
    {
        Assert.That(Secret.TryParse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", 32, out var token), Is.True);
        var attemptId = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

        var code = TypedCode.For(attemptId, token!.For("session key"u8));

        Assert.That(code.Text, Is.EqualTo("N7G3-1J1G"));
        Assert.That(
            Convert.ToHexStringLower(code.Hash(attemptId)),
            Is.EqualTo("7484e8d2e424aaebaff3aa595beab5dfa6e12d972c7bf18d77c55230f1ec740a"));
        Assert.That($"{code}", Is.EqualTo("[typed code]"));
    }

    [TestCase("0123-4567", "0123-4567")]
    [TestCase("01234567", "0123-4567")]
    [TestCase("abcd-efgh", "ABCD-EFGH")]
    [TestCase(" jk mn\t-pq- rs ", "JKMN-PQRS")]
    [TestCase("oOiI-lLtz", "0011-11TZ")]
    [TestCase("tvwx–yz98", "TVWX-YZ98", TestName = "A dash that a keyboard made of two hyphens")]
    [TestCase("0123-456", null)]
    [TestCase("0123-45678", null)]
    [TestCase("0123-456U", null)]
    [TestCase("0123-456ſ", null)]
    [TestCase("0123-456７", null)]
    [TestCase("0123_4567", null)]
    [TestCase("", null)]
    [TestCase(null, null)]
    public void What_people_type_is_read_in_any_spelling(string? typed, string? read) =>
        Assert.That(TypedCode.Parse(typed)?.Text, Is.EqualTo(read));

    private static string TypedIn(JsonNode qr) => qr["typedCode"]!.ToString();
}
