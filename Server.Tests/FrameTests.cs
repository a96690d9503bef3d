using System.Text;
using Microsoft.Extensions.DependencyInjection;
using QrLogin.Server.Connect;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>What RFC 6455 forbids on a socket, byte by byte: the close code arrives, and the connection is gone.</summary>
internal sealed class FrameTests
{
    private const string Mask = "00 00 00 00 ";

    [TestCase(1002, "89 80" + Mask + "89 00", Description = "an unmasked ping after a masked one")]
    [TestCase(1002, "81 05 68 65 6C 6C 6F", Description = "unmasked text")]
    [TestCase(1002, "89 00", Description = "an unmasked ping, and nothing after it")]
    [TestCase(1002, "8A 01 00", Description = "an unmasked pong")]
    [TestCase(1002, "88 02 03 E8", Description = "an unmasked Close")]
    [TestCase(1002, "C1 80" + Mask, Description = "RSV1: compression was not agreed")]
    [TestCase(1002, "A1 80" + Mask, Description = "RSV2")]
    [TestCase(1002, "91 80" + Mask, Description = "RSV3")]
    [TestCase(1002, "F9 80" + Mask, Description = "a ping with all of them")]
    [TestCase(1002, "83 80" + Mask, Description = "reserved opcode 3")]
    [TestCase(1002, "87 80" + Mask, Description = "reserved opcode 7")]
    [TestCase(1002, "8B 80" + Mask, Description = "reserved opcode B")]
    [TestCase(1002, "8F 80" + Mask, Description = "reserved opcode F")]
    [TestCase(1002, "80 80" + Mask, Description = "a continuation of nothing")]
    [TestCase(1002, "00 80" + Mask, Description = "a fragment of nothing")]
    [TestCase(1002, "09 80" + Mask, Description = "a fragmented ping")]
    [TestCase(1002, "08 80" + Mask, Description = "a fragmented Close")]
    [TestCase(1002, "89 FE 00 7E" + Mask, Description = "a ping of 126 bytes")]
    [TestCase(1002, "89 FE 00 05" + Mask + "68 65 6C 6C 6F", Description = "a ping whose length is written too long")]
    [TestCase(1002, "8A FF 00 00 00 00 00 00 00 00" + Mask, Description = "a pong whose length is written much too long")]
    [TestCase(1002, "89 FF 7F FF FF FF FF FF FF FF" + Mask, Description = "a ping of 2^63-1 bytes")]
    [TestCase(1002, "81 FF 80 00 00 00 00 00 00 00" + Mask, Description = "the top bit of the length")]
    [TestCase(1002, "82 FF FF FF FF FF FF FF FF FF" + Mask, Description = "all bits of the length")]
    [TestCase(1002, "88 81" + Mask + "03", Description = "a Close of one byte")]
    [TestCase(1002, "88 82" + Mask + "00 00", Description = "Close 0")]
    [TestCase(1002, "88 82" + Mask + "03 E7", Description = "Close 999")]
    [TestCase(1002, "88 82" + Mask + "03 EC", Description = "Close 1004")]
    [TestCase(1002, "88 82" + Mask + "03 ED", Description = "Close 1005")]
    [TestCase(1002, "88 82" + Mask + "03 EE", Description = "Close 1006")]
    [TestCase(1002, "88 82" + Mask + "03 F7", Description = "Close 1015")]
    [TestCase(1002, "88 82" + Mask + "0B B7", Description = "Close 2999")]
    [TestCase(1002, "88 82" + Mask + "13 88", Description = "Close 5000")]
    [TestCase(1002, "88 82" + Mask + "FF FF", Description = "Close 65535")]
    [TestCase(1002, "88 84" + Mask + "03 E8 C3 28", Description = "Close 1000 with a reason that is not UTF-8")]
    [TestCase(1002, "88 85" + Mask + "03 E8 ED A0 80", Description = "Close 1000 with a surrogate in its reason")]
    [TestCase(1008, "81 85" + Mask + "68 65 6C 6C 6F", Description = "text")]
    [TestCase(1008, "82 80" + Mask, Description = "empty binary")]
    [TestCase(1008, "81 82" + Mask + "C3 28", Description = "text that is not UTF-8: nobody reads it")]
    [TestCase(1008, "01 80" + Mask, Description = "the first fragment of a message; none is collected")]
    [TestCase(1008, "81 FE 00 01" + Mask + "68", Description = "text whose length is written too long")]
    [TestCase(1008, "82 FE FF FF" + Mask, Description = "64 KiB announced")]
    [TestCase(1008, "82 FF 7F FF FF FF FF FF FF FF" + Mask, Description = "2^63-1 bytes announced")]
    [TestCase(1008, "89 80" + Mask + "8A 80" + Mask + "81 80" + Mask, Description = "text after a ping and a pong")]
    [TestCase(1000, "88 80" + Mask, Description = "a Close without a code")]
    [TestCase(1000, "88 82" + Mask + "03 E8", Description = "Close 1000")]
    [TestCase(1000, "88 82" + Mask + "0F A0", Description = "Close 4000")]
    [TestCase(1000, "88 85" + Mask + "03 E8 E2 82 AC", Description = "Close 1000 with a reason")]
    [TestCase(1000, "8A 80" + Mask + "89 81" + Mask + "01 88 80" + Mask, Description = "pong, ping, Close")]
    public async Task A_frame_is_answered_with_its_close_code(int code, string frames)
    {
        using var scene = await Scene.ReadyAsync();
        using var socket = await RawSocket.OpenAsync(World.Server, scene.Browser);

        await socket.SendAsync(Bytes(frames));

        Assert.That(await socket.CodeAsync(), Is.EqualTo(code));
        Assert.That(await socket.NextAsync(), Is.Null, "the connection has ended");
        await Eventually.IsAsync(async () => await ConnectionsAsync(scene) == 1, "the other page's connection alone is left");
    }

    /// <summary>Byte by byte, and with more behind it: neither where TCP cuts nor what is unread keeps the code from the peer.</summary>
    [TestCase(1002, "89 80" + Mask + "83 80" + Mask)]
    [TestCase(1002, "8A 83" + Mask + "01 02 03 09 00")]
    [TestCase(1002, "88 82" + Mask + "03 EE")]
    [TestCase(1008, "82 FE FF FF" + Mask)]
    public async Task The_code_arrives_however_the_bytes_come(int code, string frames)
    {
        using var scene = await Scene.ReadyAsync();
        using var drop = await RawSocket.OpenAsync(World.Server, scene.Browser);
        foreach (var next in Bytes(frames))
        {
            await drop.SendAsync([next]);
        }

        using var torrent = await RawSocket.OpenAsync(World.Server, scene.Browser);
        await torrent.SendAsync([.. Bytes(frames), .. new byte[100_000]]);

        Assert.That(await drop.CodeAsync(), Is.EqualTo(code));
        Assert.That(await torrent.CodeAsync(), Is.EqualTo(code));
    }

    [Test]
    public async Task A_ping_is_answered_with_its_payload()
    {
        using var scene = await Scene.ReadyAsync();
        using var socket = await RawSocket.OpenAsync(World.Server, scene.Browser);

        await socket.SendAsync(Bytes("89 85 11 22 33 44 79 47 5F 28 7E"));

        Assert.That(Encoding.ASCII.GetString(await socket.HearsAsync(0xA)), Is.EqualTo("hello"));
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", ""));

    private static async Task<int> ConnectionsAsync(Scene scene) =>
        World.Server.Services.GetRequiredService<BrowserConnections>()
            .OfSession(Guid.Parse((await scene.Browser.WhoAmIAsync())["session"]["id"]!.ToString())).Length;
}
