using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using QrLogin.Server.Connect;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>Peers that flood, trickle, or say nothing: each costs little, for a bounded time, and others are unaffected.</summary>
internal sealed class SocketAbuseTests
{
    private const int Budget = 16 * 1024;

    private static readonly byte[] Ping = RawSocket.Frame(0x89, [1, 2, 3]);
    private static readonly byte[] LongPing = RawSocket.Frame(0x89, new byte[125]);
    private static readonly byte[] Pong = RawSocket.Frame(0x8A, []);

    private static readonly byte[][] Floods = [Ping, LongPing, Pong];

    [TestCaseSource(nameof(Floods))]
    public async Task A_flood_of_control_frames_is_closed_with_1008(byte[] frame)
    {
        using var scene = await Scene.ReadyAsync();
        using var flooder = await RawSocket.OpenAsync(World.Server, scene.Browser);
        var pongs = 0;
        var listening = Task.Run(async () =>
        {
            while (await flooder.NextAsync() is { } heard)
            {
                pongs += heard.Opcode == 0xA ? 1 : 0;
                if (heard.Opcode == 8)
                {
                    return (heard.Payload[0] << 8) | heard.Payload[1];
                }
            }

            return 1006;
        });
        await FloodAsync(flooder, frame, 4_000_000, () => listening.IsCompleted);

        Assert.That(await listening, Is.EqualTo(1008));
        Assert.That(pongs, Is.LessThanOrEqualTo(Budget / frame.Length), "no more is answered than the budget pays for");
        await IsAloneAsync(scene);
        await scene.AdmittedAsync();
    }

    [Test]
    public async Task Pings_within_the_budget_are_answered()
    {
        using var scene = await Scene.ReadyAsync();
        using var socket = await RawSocket.OpenAsync(World.Server, scene.Browser);
        for (var i = 0; i < 100; i++)
        {
            await socket.SendAsync(LongPing);
            await socket.HearsAsync(0xA);
        }
    }

    [Test]
    public async Task The_budget_is_a_minutes()
    {
        var clock = new Clock();
        CloseReason? refusal = null;
        using var bytes = new MemoryStream([.. Enumerable.Repeat(Pong, 1000).SelectMany(each => each)]);
        using var stream = new InboundStream(bytes, 1024, clock) { Refused = reason => refusal = reason };
        for (var minute = 0; minute < 3; minute++)
        {
            Assert.That(await stream.ReadAsync(new byte[1024]), Is.EqualTo(1024));
            clock.Now += clock.TimestampFrequency * 60;
        }

        Assert.That(await stream.ReadAsync(new byte[1024]), Is.EqualTo(1024));
        clock.Now += clock.TimestampFrequency * 59;
        Assert.That(await stream.ReadAsync(new byte[1]), Is.Zero);
        Assert.That(refusal, Is.EqualTo(CloseReason.TooMuch));
    }

    [Test]
    public async Task A_login_works_while_others_flood()
    {
        using var villain = new Browser(World.Server);
        await villain.SignInAsync(await World.Admin.HasAccountAsync());
        using var scene = await Scene.ReadyAsync();
        using var over = new CancellationTokenSource();
        var closed = 0;
        var floods = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                using var flooder = await RawSocket.OpenAsync(World.Server, villain);
                await FloodAsync(flooder, Ping, 1_000_000, () => over.IsCancellationRequested);
                if (!over.IsCancellationRequested && await flooder.CodeAsync() == 1008)
                {
                    Interlocked.Increment(ref closed);
                }
            }
        })).ToList();

        for (var i = 0; i < 2; i++)
        {
            await scene.AdmittedAsync();
            scene.Phone.Verifier = Phone.NewVerifier();
            scene.Phone.Token = null;
        }

        await Eventually.IsAsync(() => Task.FromResult(closed >= 8 || floods.Any(each => each.IsFaulted)), "the floods are closed");
        await over.CancelAsync();
        await Task.WhenAll(floods);
    }

    [Test]
    public async Task A_message_of_any_size_is_closed_with_1008_and_not_read_to_its_end()
    {
        using var scene = await Scene.ReadyAsync();
        using var talker = await RawSocket.OpenAsync(World.Server, scene.Browser);
        var code = talker.CodeAsync();
        Assert.That(await FloodAsync(talker, RawSocket.Frame(0x81, new byte[1_000_000]), 500_000_000, () => false), Is.False, "cut off");
        Assert.That(await code, Is.EqualTo(1008));
        await IsAloneAsync(scene);
    }

    /// <summary>After each of these the peer says nothing more; what it was sent is all it has said since the handshake.</summary>
    [TestCase("", Description = "nothing")]
    [TestCase("89", Description = "half of a header")]
    [TestCase("89 FD 00 00", Description = "a length of 125 and half a mask")]
    [TestCase("89 FD 00 00 00 00 01 02 03", Description = "part of a ping's payload")]
    [TestCase("88 85 00 00 00 00 03 E8", Description = "part of a Close")]
    public async Task A_peer_that_falls_silent_in_the_middle_is_dropped_by_the_keep_alive(string bytes)
    {
        await using var server = Impatient();
        using var browser = new Browser(server);
        await browser.SignInAsync(await World.Admin.HasAccountAsync());
        using var silent = await RawSocket.OpenAsync(server, browser);
        await silent.SendAsync(Convert.FromHexString(bytes.Replace(" ", "")));

        Assert.That(await silent.CodeAsync(), Is.EqualTo(1006));
        await Eventually.IsAsync(() => Task.FromResult(Connections(server).Accounts().Length == 0), "it is forgotten");
    }

    /// <summary>A page that answers stays, in the same time.</summary>
    [Test]
    public async Task A_peer_that_answers_is_not_dropped()
    {
        await using var server = Impatient(pongWithin: 5); // or a busy machine's page may answer too late
        using var browser = await Browser.AtAsync(server, await World.Admin.HasAccountAsync());
        var listening = browser.Page.IsClosedAsync();
        using var silent = await RawSocket.OpenAsync(server, browser);
        Assert.That(await silent.CodeAsync(), Is.EqualTo(1006));
        Assert.That(listening.IsCompleted, Is.False);
        Assert.That(Connections(server).Accounts(), Has.Length.EqualTo(1));
    }

    /// <summary>The server as it is, but that it pings after a second and waits not long for the pong.</summary>
    /// <param name="pongWithin">Seconds.</param>
    private static TestServer Impatient(int pongWithin = 1) => new(
        World.Database, configure: services => services.PostConfigure<WebSocketOptions>(options =>
        {
            options.KeepAliveInterval = TimeSpan.FromSeconds(1);
            options.KeepAliveTimeout = TimeSpan.FromSeconds(pongWithin);
        }));

    /// <summary>Sends frame after frame.</summary>
    /// <returns>False when the server has cut it off before it was done.</returns>
    private static async Task<bool> FloodAsync(RawSocket socket, byte[] frame, int bytes, Func<bool> isEnough)
    {
        byte[] burst = [.. Enumerable.Repeat(frame, Math.Max(1, 8192 / frame.Length)).SelectMany(each => each)];
        for (var sent = 0; sent < bytes && !isEnough(); sent += burst.Length)
        {
            if (!await socket.TrySendAsync(burst))
            {
                return false;
            }
        }

        return true;
    }

    private sealed class Clock : TimeProvider
    {
        public long Now { get; set; }

        public override long GetTimestamp() => Now;
    }

    private static BrowserConnections Connections(TestServer server) => server.Services.GetRequiredService<BrowserConnections>();

    private static async Task IsAloneAsync(Scene scene)
    {
        var session = Guid.Parse((await scene.Browser.WhoAmIAsync())["session"]["id"]!.ToString());
        await Eventually.IsAsync(
            () => Task.FromResult(Connections(World.Server).OfSession(session).Length == 1), "the page's connection alone is left");
    }
}
