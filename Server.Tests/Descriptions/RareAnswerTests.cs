using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Descriptions;

/// <summary>Described answers that no test of their subject needs.</summary>
internal sealed class RareAnswerTests
{
    private static readonly string Attempt = $"/api/login/{Guid.NewGuid()}";

    [Test]
    public async Task A_phone_may_neither_connect_nor_extend()
    {
        using var scene = await Scene.ReadyAsync();
        await scene.AdmittedAsync();
        using var socket = await RawSocket.ConnectAsync(World.Server);
        var answer = await socket.AskAsync(RawSocket.Handshake(null, $"+Authorization: Bearer {scene.Phone.Token}"));
        Assert.That((answer.Status, answer.Code), Is.EqualTo((403, "web_session_required")));
        Assert.That((await scene.Phone.CallAsync(HttpMethod.Post, $"{Attempt}/extend")).Word(), Is.EqualTo("403 web_session_required"));
    }

    [Test]
    public async Task A_page_of_another_site_ends_no_session()
    {
        using var scene = await Scene.ReadyAsync();
        var answer = await scene.Browser.CallAsync(
            HttpMethod.Delete, $"/api/sessions/{Guid.NewGuid()}", origin: "https://elsewhere.example");
        Assert.That(answer.Word(), Is.EqualTo("403 origin_not_allowed"));
    }

    [Test]
    public async Task Without_a_database_what_needs_a_session_is_unavailable()
    {
        await using var server = new TestServer(DocumentTests.NoDatabase);
        using var browser = new Browser(server) { Cookie = $"qrlogin={Phone.NewVerifier()}" };
        foreach (var path in new[] { $"{Attempt}/qr", $"{Attempt}/extend", $"{Attempt}/decline" })
        {
            Assert.That((await browser.CallAsync(HttpMethod.Post, path)).Word(), Is.EqualTo("503 unavailable"), path);
        }

        Assert.That((await browser.HandOverAsync(Phone.NewVerifier())).Word(), Is.EqualTo("503 unavailable"));
        Assert.That(
            (await browser.CallAsync(HttpMethod.Delete, $"/api/sessions/{Guid.NewGuid()}")).Word(), Is.EqualTo("503 unavailable"));
    }
}
