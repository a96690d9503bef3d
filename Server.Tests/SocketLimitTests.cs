using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.Options;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>
/// How many sockets there may be, how often an address may fail to open one, and how long it may take. The caps of session and account
/// as they are by default are in <see cref="ConnectTests"/>.
/// </summary>
internal sealed class SocketLimitTests
{
    private static readonly string Forged = $"qrlogin={Phone.NewVerifier()}";

    [Test]
    public async Task The_caps_of_session_and_account_are_settings()
    {
        await using var server = new TestServer(World.Database, new()
        {
            ["Limits:Sockets:ConnectionsPerSession"] = "2",
            ["Limits:Sockets:ConnectionsPerAccount"] = "3",
        });
        var alice = await World.Admin.HasAccountAsync();
        using var first = await Browser.AtAsync(server, alice);
        using var second = await Browser.AtAsync(server, alice);
        var other = await second.OpenPageAsync();
        await second.OpenPageAsync();
        Assert.That(await second.Page.IsClosedAsync(), Is.EqualTo(4409), "two of a session");
        using var third = await Browser.AtAsync(server, alice);
        Assert.That(await first.Page.IsClosedAsync(), Is.EqualTo(4409), "three of an account");
        Assert.That(other.Socket.State, Is.EqualTo(WebSocketState.Open));
    }

    [Test]
    public async Task Whoever_comes_when_the_server_is_full_hears_503_until_somebody_goes()
    {
        await using var server = new TestServer(World.Database, new() { ["Limits:Sockets:Connections"] = "3" });
        using var alice = await Browser.AtAsync(server, await World.Admin.HasAccountAsync());
        using var bob = await Browser.AtAsync(server, await World.Admin.HasAccountAsync());
        var page = await bob.OpenPageAsync();
        using var carol = new Browser(server);
        await carol.SignInAsync(await World.Admin.HasAccountAsync());

        var answer = await AskAsync(server, carol.Cookie);

        Assert.That((answer.Status, answer.Code), Is.EqualTo((503, "unavailable")));
        Assert.That(answer.Text, Does.Contain("Retry-After: 5"));
        Assert.That((await AskAsync(server, null)).Status, Is.EqualTo(401), "asked last");
        page.Dispose();
        await Eventually.IsAsync(async () => (await AskAsync(server, carol.Cookie)).Status == 101, "there is a place again");
    }

    [Test]
    public async Task Two_thousand_handshakes_without_a_session_are_refused_and_keep_nobody_out()
    {
        await using var server = new TestServer(World.Database);
        using var phone = new Phone(server);
        var alice = await World.Admin.HasAccountAsync(phone);
        var statuses = new ConcurrentQueue<int>();
        var isIn = false;
        var asked = Enumerable.Range(0, int.MaxValue).TakeWhile(i => i < 2000 || !Volatile.Read(ref isIn));
        var flood = Parallel.ForEachAsync(asked, new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (_, _) =>
            statuses.Enqueue((await AskAsync(server, Forged)).Status));
        await Eventually.IsAsync(() => Task.FromResult(statuses.Contains(429)), "the address has had too many");

        // From the very address of the flood, as in an office behind one: who is signed in gets in, and so does a phone.
        using var browser = await Browser.AtAsync(server, alice);
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        Assert.That((await phone.ScanAsync(await browser.Page.HearsAsync("qr"))).Status, Is.EqualTo(200));
        Assert.That(flood.IsCompleted, Is.False, "that was in the midst of it");

        Volatile.Write(ref isIn, true);
        await flood;
        Assert.That(statuses.Count(each => each == 401), Is.EqualTo(200));
        Assert.That(statuses.Where(each => each != 401), Is.All.EqualTo(429));
        Assert.That(statuses, Has.Count.GreaterThanOrEqualTo(2000));
        var refused = await AskAsync(server, Forged);
        Assert.That((refused.Status, refused.Code), Is.EqualTo((429, "too_many_requests")));
        Assert.That(refused.Text, Does.Match("Retry-After: (60|[1-5]?[0-9])\r\n"));
        Assert.That((await AskAsync(server, null, from: "127.0.0.2")).Status, Is.EqualTo(401), "another address");
        Assert.That((await AskAsync(server, null, "Origin: https://evil.example")).Status, Is.EqualTo(403), "asked before");
    }

    [Test]
    public async Task A_handshake_that_authenticates_does_not_count()
    {
        await using var server = new TestServer(World.Database, new() { ["Limits:HandshakeFailuresPerMinute"] = "3" });
        using var browser = await Browser.AtAsync(server, await World.Admin.HasAccountAsync());
        for (var i = 0; i < 5; i++)
        {
            Assert.That((await AskAsync(server, browser.Cookie, "-Sec-WebSocket-Protocol")).Status, Is.EqualTo(400));
        }

        var statuses = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            statuses.Add((await AskAsync(server, null)).Status);
        }

        Assert.That(statuses, Is.EqualTo(new[] { 401, 401, 401, 429 }));
    }

    [Test]
    public async Task An_ipv6_network_counts_as_one_address()
    {
        await using var server = new TestServer(World.Database, new()
        {
            ["Limits:HandshakeFailuresPerMinute"] = "1",
            ["TrustedProxies:0"] = "127.0.0.1",
        });
        var statuses = new List<int>();
        foreach (var address in new[] { "2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:3::1", "192.0.2.1", "::ffff:192.0.2.1" })
        {
            statuses.Add((await AskAsync(server, null, $"+X-Forwarded-For: {address}")).Status);
        }

        Assert.That(statuses, Is.EqualTo(new[] { 401, 429, 401, 401, 429 }));
    }

    [TestCase("GET /connect HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")]
    [TestCase("GET /con")]
    public async Task A_handshake_that_never_ends_is_cut_off_while_others_connect(string begun)
    {
        await using var server = new TestServer(World.Database, new() { ["Limits:Sockets:HandshakeSeconds"] = "2" });
        using var phone = new Phone(server);
        var alice = await World.Admin.HasAccountAsync(phone);
        var slow = new List<RawSocket>();
        var idle = new List<RawSocket>();
        for (var i = 0; i < 200; i++)
        {
            slow.Add(await RawSocket.ConnectAsync(server));
            await slow[i].SendAsync(Encoding.ASCII.GetBytes(begun));
            idle.Add(await RawSocket.ConnectAsync(server)); // and as many that say nothing at all
        }

        var answers = slow.Select(TrickleAsync).ToList();
        using var browser = await Browser.AtAsync(server, alice);
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        Assert.That((await phone.ScanAsync(await browser.Page.HearsAsync("qr"))).Status, Is.EqualTo(200));
        Assert.That(await Task.WhenAll(answers), Is.All.AnyOf(408, 0));
        slow.Concat(idle).ToList().ForEach(each => each.Dispose());
    }

    [TestCase("Connections", "0", "from 1 to 10000000")]
    [TestCase("Connections", "many", "not a whole number")]
    [TestCase("connectionspersession", "-1", "ConnectionsPerSession")]
    [TestCase("HandshakeSeconds", "1e9", "from 1 to 3600")]
    [TestCase("InboundBytesPerMinute", "10", "from 1024 to")]
    [TestCase("HandshakesPerMinutes", "10", "there is no such key; there are ConnectionsPerSession, ")]
    public void A_wrong_limit_refuses_to_start_and_names_key_and_variable(string key, string value, string fault)
    {
        var refusal = Assert.Throws<OptionsValidationException>(() =>
        {
            using var server = new TestServer(World.Database, new() { [$"Limits:Sockets:{key}"] = value });
        });
        var named = $"Limits:Sockets:{key} (environment variable Limits__Sockets__{key.Replace(":", "__")})";
        Assert.That(refusal!.Message, Does.Contain(fault));
        Assert.That(refusal.Message, Does.Contain(named).IgnoreCase);
    }

    /// <summary>Sends a byte now and then, until it is answered or cut off.</summary>
    private static async Task<int> TrickleAsync(RawSocket slow)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        var answer = slow.AskAsync("");
        while (!answer.IsCompleted && await slow.TrySendAsync("a"u8.ToArray()))
        {
            await tick.WaitForNextTickAsync();
        }

        return (await answer).Status;
    }

    private static async Task<(int Status, string? Code, string Text)> AskAsync(
        TestServer server, string? cookie, string? change = null, string from = "127.0.0.1")
    {
        using var socket = await RawSocket.ConnectAsync(server, from);
        return await socket.AskAsync(RawSocket.Handshake(cookie, change is null ? [] : [change]));
    }
}
