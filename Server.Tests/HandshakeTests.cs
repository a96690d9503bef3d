using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>
/// The opening handshake (RFC 6455 §4.2), byte by byte: what is no handshake is refused before anything is done, and so is a page of
/// another site that comes with the user's cookie (cross-site WebSocket hijacking).
/// </summary>
internal sealed class HandshakeTests
{
    private const string Get = "GET /connect HTTP/1.1";

    [TestCase(101, null, Get)]
    [TestCase(101, null, Get, "Connection: keep-alive, Upgrade", Description = "as Firefox sends it")]
    [TestCase(101, null, Get, "Connection: keep-alive", "+Connection: upgrade", Description = "in two headers")]
    [TestCase(101, null, Get, "Connection: UPGRADE", "Upgrade: WebSocket", Description = "tokens know no case")]
    [TestCase(101, null, Get, "+Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits", Description = "not taken")]
    [TestCase(101, null, Get, "Sec-WebSocket-Protocol: chat, qrlogin.v1, qrlogin.v2")]
    [TestCase(101, null, Get, "Sec-WebSocket-Protocol: chat", "+Sec-WebSocket-Protocol: qrlogin.v1")]
    [TestCase(101, null, "GET /connect?anything HTTP/1.1")]
    [TestCase(400, "unsupported_protocol", Get, "Sec-WebSocket-Protocol: QRLOGIN.V1", Description = "the subprotocol knows case")]
    [TestCase(400, "unsupported_protocol", Get, "-Sec-WebSocket-Protocol")]
    [TestCase(426, "upgrade_required", Get, "-Sec-WebSocket-Key")]
    [TestCase(426, "upgrade_required", Get, "Sec-WebSocket-Key: ")]
    [TestCase(426, "upgrade_required", Get, "Sec-WebSocket-Key: c2hvcnQ=", Description = "5 bytes")]
    [TestCase(426, "upgrade_required", Get, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE=", Description = "17 bytes")]
    [TestCase(426, "upgrade_required", Get, "Sec-WebSocket-Key: not base64 at all!!!!!!!", Description = "no base64")]
    [TestCase(426, "upgrade_required", Get, "+Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", Description = "two keys")]
    [TestCase(426, "upgrade_required", Get, "-Sec-WebSocket-Version")]
    [TestCase(426, "upgrade_required", Get, "Sec-WebSocket-Version: 12")]
    [TestCase(426, "upgrade_required", Get, "Sec-WebSocket-Version: 14")]
    [TestCase(426, "upgrade_required", Get, "Sec-WebSocket-Version: 8", Description = "the last draft")]
    [TestCase(426, "upgrade_required", Get, "-Upgrade")]
    [TestCase(426, "upgrade_required", Get, "Upgrade: h2c")]
    [TestCase(426, "upgrade_required", Get, "Connection: keep-alive")]
    [TestCase(426, "upgrade_required", Get, "-Connection")]
    [TestCase(426, "upgrade_required", "GET /connect HTTP/1.0")]
    [TestCase(426, "upgrade_required", Get, "+Content-Length: 5", Description = "with a body")]
    [TestCase(405, "method_not_allowed", "POST /connect HTTP/1.1", "+Content-Length: 0")]
    [TestCase(405, "method_not_allowed", "PUT /connect HTTP/1.1", "+Content-Length: 0")]
    [TestCase(404, "not_found", "GET /connect/x HTTP/1.1")]
    [TestCase(400, null, Get, "-Host", Description = "no HTTP/1.1")]
    [TestCase(403, "origin_not_allowed", Get, "-Origin")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: ")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: null", Description = "a sandboxed frame, a file")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: https://evil.example")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: http://localhost:8080.evil.example", Description = "ours is its prefix")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: http://evillocalhost:8080", Description = "ours is its suffix")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: http://evil.localhost:8080", Description = "a subdomain")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: http://localhost:8081", Description = "another port")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: http://localhost", Description = "no port")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: https://localhost:8080", Description = "another scheme")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: http://LOCALHOST:8080", Description = "no browser writes it so")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: http://localhost.:8080", Description = "a dot behind the host")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: http://localhost:8080/")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: http://localhost:8080@evil.example")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: http://localhost:8080, http://localhost:8080")]
    [TestCase(403, "origin_not_allowed", Get, "+Origin: http://localhost:8080", Description = "twice, even if both are ours")]
    [TestCase(403, "origin_not_allowed", Get, "+Origin: https://evil.example", Description = "ours and another")]
    [TestCase(403, "origin_not_allowed", Get, "Origin: https://evil.example", "+Sec-Fetch-Site: same-origin")]
    [TestCase(403, "origin_not_allowed", Get, "-Origin", "+Sec-Fetch-Site: cross-site")]
    public async Task A_handshake_is_refused_unless_it_is_right(int status, string? code, string start, params string[] changes)
    {
        using var browser = new Browser(World.Server);
        await browser.SignInAsync(await World.Admin.HasAccountAsync());
        using var socket = await RawSocket.ConnectAsync(World.Server);

        var answer = await socket.AskAsync(RawSocket.Handshake(start, browser.Cookie, changes));

        Assert.That((answer.Status, answer.Code), Is.EqualTo((status, code)), answer.Text);
        Assert.That(answer.Text, Does.Not.Contain("Sec-WebSocket-Extensions").And.Not.Contains("Access-Control"));
    }

    [Test]
    public async Task The_answer_proves_that_the_key_was_read()
    {
        using var browser = new Browser(World.Server);
        await browser.SignInAsync(await World.Admin.HasAccountAsync());
        using var socket = await RawSocket.ConnectAsync(World.Server);
        var answer = await socket.AskAsync(RawSocket.Handshake(browser.Cookie));
        Assert.That(answer.Text, Does.Contain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=").And.Contain("qrlogin.v1"), "its §1.3");
    }

    /// <summary>Refused before anything is done: the user's own pages, as many as there may be, stay.</summary>
    [Test]
    public async Task A_page_of_another_site_reaches_nothing_with_the_users_cookie()
    {
        using var scene = await Scene.ReadyAsync();
        for (var i = 0; i < 20; i++)
        {
            using var hijacker = await RawSocket.ConnectAsync(World.Server);
            var answer = await hijacker.AskAsync(RawSocket.Handshake(scene.Browser.Cookie, "Origin: https://evil.example"));
            Assert.That((answer.Status, answer.Code), Is.EqualTo((403, "origin_not_allowed")));
            Assert.That(answer.Text, Does.Not.Contain(scene.Account.Username));
        }

        await scene.AdmittedAsync();
    }

    [Test]
    public async Task A_refused_handshake_answers_alike_whether_or_not_the_session_lives()
    {
        using var browser = new Browser(World.Server);
        await browser.SignInAsync(await World.Admin.HasAccountAsync());
        var bodies = new List<string>();
        foreach (var cookie in new[] { browser.Cookie, $"qrlogin={Phone.NewVerifier()}", null })
        {
            using var socket = await RawSocket.ConnectAsync(World.Server);
            bodies.Add((await socket.AskAsync(RawSocket.Handshake(cookie, "Origin: https://evil.example"))).Text.Split("\r\n\r\n")[1]);
        }

        Assert.That(bodies.Distinct().ToList(), Has.Count.EqualTo(1));
    }
}
