using System.Net.Sockets;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Faults;

/// <summary>F13: the process has no file descriptors left: it refuses new ones, keeps what it has, and recovers.</summary>
[NonParallelizable]
internal sealed class DescriptorTests
{
    [Test]
    public async Task Out_of_descriptors_the_pages_stay_and_when_some_are_free_all_is_well_again()
    {
        using var server = await ServerProcess.StartAsync(World.Database, "ulimit -n 400");
        using var phone = new Phone(server);
        using var browser = await Browser.AtAsync(server, await World.Admin.HasAccountAsync(phone));
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        await browser.Page.HearsAsync("qr");

        var crowd = new List<TcpClient>();
        for (var i = 0; i < 450; i++)
        {
            var one = new TcpClient();
            crowd.Add(one);
            await one.ConnectAsync(server.Address.Host, server.Address.Port); // the system takes it, whether or not the server can
        }

        await Eventually.IsAsync(
            () => Task.FromResult(Directory.GetFiles($"/proc/{server.Id}/fd").Length >= 395), "the server has no descriptors left");
        await Task.Delay(TimeSpan.FromSeconds(2)); // long enough to fill a log
        var lines = server.Log.Split('\n').Length;
        Assert.That(lines, Is.LessThan(100), server.Log);
        Assert.That(browser.Page.Socket.CloseStatus, Is.Null);

        crowd.ForEach(each => each.Dispose());
        phone.Verifier = Phone.NewVerifier();
        await Eventually.IsAsync(async () =>
        {
            try
            {
                return (await phone.IdentifyAsync()).Status == 202;
            }
            catch (HttpRequestException)
            {
                return false; // one that was refused while there was nothing left
            }
        }, "it recovers");
        var qr = await browser.Page.HearsAsync("qr");
        Assert.That((await phone.ScanAsync(qr)).Status, Is.EqualTo(200));
    }
}
