using System.Net.Sockets;
using System.Text.RegularExpressions;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Faults;

/// <summary>F13: no file descriptors are left for more connections: it refuses new ones, keeps what it has, and recovers.</summary>
[NonParallelizable]
internal sealed class DescriptorTests
{
    private const int Limit = 700;

    [Test]
    public async Task Out_of_descriptors_the_pages_stay_and_when_some_are_free_all_is_well_again()
    {
        using var server = await ServerProcess.StartAsync(World.Database, $"ulimit -n {Limit}");
        using var phone = new Phone(server);
        var account = await World.Admin.HasAccountAsync(phone);
        using var browser = await Browser.AtAsync(server, account);
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        var qr = await browser.Page.HearsAsync("qr");

        var crowd = Enumerable.Range(0, Limit).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp)).ToList();
        foreach (var each in crowd)
        {
            await ConnectAsync(each, server.Address);
        }

        await Eventually.IsAsync(() => Task.FromResult(crowd.Count(IsClosed) > Limit / 2), "those for whom there is nothing are closed");
        Assert.That((await phone.ScanAsync(qr)).Status, Is.EqualTo(200), "who is connected already is served");
        await browser.Page.HearsAsync("ended");
        Assert.That(Regex.Count(server.Log, "file descriptors"), Is.EqualTo(1), server.Log);

        crowd.ForEach(each => each.Dispose());
        await Eventually.IsAsync(() => TakesAnotherAsync(server), "there is room again");
        using var another = new Phone(server, phone.Identifiers);
        using var elsewhere = await Browser.AtAsync(server, account);
        Assert.That((await another.IdentifyAsync()).Status, Is.EqualTo(202));
        Assert.That((await another.ScanAsync(await elsewhere.Page.HearsAsync("qr"))).Status, Is.EqualTo(200));
        await Invariants.AssertAsync(World.Admin, account, phones: 2);
    }

    [Test]
    public async Task With_too_few_descriptors_to_serve_anybody_it_does_not_start()
    {
        var said = await Tool.RunAsync("bash", ["-c", "ulimit -n 400 && ! dotnet QrLogin.Server.dll 2>&1"], AppContext.BaseDirectory,
            new() { ["ConnectionStrings__QrLogin"] = TestDatabase.AsServerRole(World.Database) });
        Assert.That(said, Is.EqualTo("QrLogin does not start. It may open 400 files and needs 640 and one for each connection: "
            + "raise the limit (ulimit -n, LimitNOFILE=).\n"));
    }

    private static async Task ConnectAsync(Socket socket, Uri address)
    {
        try
        {
            await socket.ConnectAsync(address.Host, address.Port);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // It was closed before it was known to be open.
        }
    }

    private static bool IsClosed(Socket socket) => socket.Poll(0, SelectMode.SelectRead);

    private static async Task<bool> TakesAnotherAsync(ServerProcess server)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        try
        {
            return (await http.GetAsync("/healthz/ready")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
