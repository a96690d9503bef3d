using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Http;

/// <summary>T14: forwarded headers count only from a proxy that the operator has named, and only what that proxy itself wrote.</summary>
internal sealed class ForwardedTests
{
    private const string Forged = "203.0.113.66";

    /// <summary>All at once, as somebody would who does not know which is believed.</summary>
    private static readonly (string, string)[] AllForged =
    [
        ("X-Forwarded-For", Forged), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Prefix", "/evil"), ("Forwarded", $"for={Forged};proto=https;host=evil.example"), ("X-Real-IP", Forged),
        ("X-Client-IP", Forged), ("True-Client-IP", Forged), ("CF-Connecting-IP", Forged), ("X-Original-For", Forged),
        ("X-Original-Host", "evil.example"), ("X-Original-URL", "/api/sessions"), ("X-Rewrite-URL", "/api/sessions"),
        ("X-HTTP-Method-Override", "DELETE"), ("Via", "1.1 evil.example"),
    ];

    [TestCase(null, "127.0.0.1")]
    [TestCase("10.0.0.0/8", "127.0.0.1")] // others are trusted, this peer is not
    [TestCase("127.0.0.0/8", Forged)]
    public async Task From_who_is_not_trusted_forwarded_headers_change_nothing(string? trusted, string address)
    {
        await using var server = ServerBehind(trusted);
        var (session, signedIn) = await SignInAsync(server, AllForged);

        Assert.That($"{session["address"]}", Is.EqualTo(address));
        Assert.That(signedIn.Header("Set-Cookie"), Does.StartWith("qrlogin=").And.Not.Contain("secure").IgnoreCase);
        using var http = new HttpClient { BaseAddress = server.Address };
        foreach (var origin in new[] { "https://evil.example", "http://evil.example", "https://localhost:8080", $"http://{Forged}" })
        {
            var refused = await http.CallAsync(
                HttpMethod.Post, "/api/session", new { username = "alice", password = "x" }, [.. AllForged, ("Origin", origin)]);
            Assert.That((refused.Status, refused.Code), Is.EqualTo((403, "origin_not_allowed")), origin);
        }
    }

    [TestCase("198.51.100.1, 203.0.113.9", "203.0.113.9")] // what the client wrote stands before what the proxy added
    [TestCase("203.0.113.9, 127.0.0.1", "203.0.113.9")] // a chain of proxies, all trusted
    [TestCase("198.51.100.1, 203.0.113.9, ::ffff:127.0.0.1", "203.0.113.9")]
    [TestCase("::ffff:203.0.113.9", "203.0.113.9")]
    [TestCase("203.0.113.9:55555", "203.0.113.9")]
    [TestCase("[2001:db8::9]:55555", "2001:db8::9")]
    [TestCase("2001:DB8:0:0::9", "2001:db8::9")]
    [TestCase("fe80::9%7", "fe80::9")]
    [TestCase("203.0.113.9, unknown", "127.0.0.1")]
    [TestCase("203.0.113.9, _hidden", "127.0.0.1")]
    [TestCase("<script>alert(1)</script>", "127.0.0.1")]
    [TestCase("203.0.113.9' or 1=1 --", "127.0.0.1")]
    [TestCase("\u001b[31m203.0.113.9", "127.0.0.1")]
    [TestCase("", "127.0.0.1")]
    [TestCase(",,,", "127.0.0.1")]
    public async Task From_a_trusted_proxy_only_the_last_hop_that_is_none_counts(string forwarded, string address)
    {
        await using var server = ServerBehind("127.0.0.1");
        var (session, _) = await SignInAsync(server, ("X-Forwarded-For", forwarded));
        Assert.That($"{session["address"]}", Is.EqualTo(address));
    }

    [TestCase("198.51.100.1", "203.0.113.9", "203.0.113.9")]
    [TestCase("203.0.113.9", "127.0.0.1", "203.0.113.9")]
    public async Task A_header_that_comes_twice_is_read_as_one(string first, string second, string address)
    {
        await using var server = ServerBehind("127.0.0.1");
        var (session, _) = await SignInAsync(server, ("X-Forwarded-For", first), ("X-Forwarded-For", second));
        Assert.That($"{session["address"]}", Is.EqualTo(address));
    }

    /// <summary>What the phone's owner sees, what is stored, and what an administrator sees are one address.</summary>
    [Test]
    public async Task A_phone_that_forges_its_address_is_shown_with_its_own()
    {
        using var scene = await Scene.ReadyAsync();
        using var http = new HttpClient { BaseAddress = World.Server.Address };
        var asked = await http.CallAsync(HttpMethod.Post, "/api/login/identify", new
        {
            identifiers = new[] { new { kind = "phone", value = scene.Phone.Number } },
            codeChallenge = scene.Phone.Challenge,
            codeChallengeMethod = "S256",
        }, AllForged);
        Assert.That(asked.Status, Is.EqualTo(202), asked.Text);

        Assert.That($"{(await scene.Page.HearsAsync("qr"))["device"]!["address"]}", Is.EqualTo("127.0.0.1"));
        Assert.That(await World.Admin.QueryAsync<string>(
            "select address from admin.attempts where username = @Username", new { scene.Account.Username }), Is.EqualTo("127.0.0.1"));
    }

    private static TestServer ServerBehind(string? trusted) =>
        new(World.Database, trusted is null ? [] : new() { ["TrustedProxies:0"] = trusted });

    private static async Task<(System.Text.Json.Nodes.JsonNode Session, Answer SignedIn)> SignInAsync(
        TestServer server, params (string, string)[] headers)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = server.Address };
        var account = await World.Admin.HasAccountAsync();
        var signedIn = await http.CallAsync(
            HttpMethod.Post, "/api/session", new { username = account.Username, password = Account.Password },
            [.. headers, ("Origin", TestServer.Origin)]);
        Assert.That(signedIn.Status, Is.EqualTo(200), signedIn.Text);
        var cookie = ("Cookie", signedIn.Header("Set-Cookie")!.Split(';')[0]);
        var sessions = (await http.CallAsync(HttpMethod.Get, "/api/sessions", null, cookie))["sessions"].AsArray();
        return (sessions.Single()!, signedIn);
    }
}
