using System.Diagnostics;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Faults;

/// <summary>F10: very many pages connect at once, as after a restart of what stands before the server.</summary>
[NonParallelizable]
internal sealed class ReconnectTests
{
    [Test]
    public Task A_thousand_pages_that_connect_at_once_leave_room_for_logins() => ConnectAsync(1_000);

    [Test, Long]
    public Task Five_thousand_pages_that_connect_at_once_leave_room_for_logins() => ConnectAsync(5_000);

    private static async Task ConnectAsync(int count)
    {
        using var server = await ServerProcess.StartAsync(World.Database, "ulimit -n $(ulimit -Hn)");
        using var phone = new Phone(server);
        var alice = await World.Admin.HasAccountAsync(phone);
        using var browser = await Browser.AtAsync(server, alice);
        await LogInAsync(phone, browser.Page); // the first one also warms the server up
        var quiet = await LogInAsync(phone, browser.Page);

        var before = server.Descriptors;
        var clock = Stopwatch.StartNew();
        var storm = ManyPages.OpenAsync(server, count, atOnce: count);
        var during = await LogInAsync(phone, browser.Page);
        var pages = await storm;

        await TestContext.Out.WriteLineAsync(
            $"{count} pages in {clock.Elapsed.TotalSeconds:0.0} s; a login took {during.TotalMilliseconds:0} ms meanwhile, "
            + $"{quiet.TotalMilliseconds:0} ms before");
        Assert.That(during, Is.LessThan(TimeSpan.FromSeconds(5)));
        Assert.That(server.Descriptors, Is.GreaterThanOrEqualTo(before + count));
        pages.ForEach(page => page.Dispose());
        await Eventually.IsAsync(() => Task.FromResult(server.Descriptors < before + (count / 10)), "their connections are gone");
        await Invariants.AssertAsync(World.Admin, alice, phones: 3);
    }

    private static async Task<TimeSpan> LogInAsync(Phone phone, Page page)
    {
        var clock = Stopwatch.StartNew();
        phone.Verifier = Phone.NewVerifier();
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        Assert.That((await phone.TypeAsync(await page.HearsAsync("qr"))).Status, Is.EqualTo(200));
        return clock.Elapsed;
    }
}
