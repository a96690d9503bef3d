using Microsoft.Extensions.DependencyInjection;
using QrLogin.Server.Connect;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Faults;

/// <summary>F9: readers that never read. Their heap is measured, so nothing else may run meanwhile.</summary>
[NonParallelizable]
internal sealed class DeafPageTests
{
    private const int Rounds = 4;
    private const int PagesOfASession = 7;
    private const int MessageBytes = 64 * 1024;
    private const int RoundBytes = PagesOfASession * 32 * MessageBytes; // 32 messages may wait for a page

    [Test]
    public async Task Many_pages_that_never_read_leave_memory_as_it_was_and_others_are_unaffected()
    {
        using var scene = await Scene.ReadyAsync();
        var most = await RoundAsync(scene); // all that is made once is made
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < Rounds; i++)
        {
            most = Math.Max(most, await RoundAsync(scene));
        }

        var after = GC.GetTotalMemory(forceFullCollection: true);
        await TestContext.Out.WriteLineAsync($"{Rounds * PagesOfASession} deaf pages: heap {before >> 10} KiB before, "
            + $"{most >> 10} KiB at most with {PagesOfASession} of them, {after >> 10} KiB after");
        Assert.That(after - before, Is.LessThan(RoundBytes / 4), "in bytes");
        Assert.That(most - before, Is.LessThan(2 * RoundBytes), "in bytes, while they were full");
        await scene.AdmittedAsync();
    }

    /// <summary>Pages that connect, are sent more than they are allowed to leave unread, and are closed.</summary>
    /// <returns>The heap when they were full, in bytes.</returns>
    private static async Task<long> RoundAsync(Scene scene)
    {
        var connections = World.Server.Services.GetRequiredService<BrowserConnections>();
        var session = Guid.Parse((await scene.Browser.WhoAmIAsync())["session"]["id"]!.ToString());
        var deaf = new List<RawSocket>();
        for (var i = 0; i < PagesOfASession; i++)
        {
            deaf.Add(await RawSocket.ConnectAsync(World.Server));
            Assert.That((await deaf[i].AskAsync(RawSocket.Handshake(scene.Browser.Cookie))).Status, Is.EqualTo(101));
        }

        await Eventually.IsAsync(() => Task.FromResult(connections.OfSession(session).Length == 1 + PagesOfASession), "all are connected");
        foreach (var connection in connections.OfSession(session)[1..])
        {
            while (connection.TrySend(new byte[MessageBytes]))
            {
            }
        }

        var heap = GC.GetTotalMemory(forceFullCollection: true);
        await Eventually.IsAsync(() => Task.FromResult(connections.OfSession(session).Length == 1), "the deaf ones are gone");
        deaf.ForEach(each => each.Dispose());
        return heap;
    }
}
