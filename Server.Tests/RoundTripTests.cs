using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

internal sealed class RoundTripTests
{
    [TestCase(false)]
    [TestCase(true)]
    public async Task A_login_costs_two_round_trips_to_the_database(bool typed)
    {
        var direct = new NpgsqlConnectionStringBuilder(World.Database);
        using var wire = new WireCounter(direct.Host!, direct.Port);
        direct.Host = "127.0.0.1";
        direct.Port = wire.Port;
        direct.SslMode = SslMode.Disable;
        await using var server = new TestServer(direct.ConnectionString);
        using var phone = new Phone(server);
        using var browser = await Browser.AtAsync(server, await World.Admin.HasAccountAsync(phone));
        var page = browser.Page;

        // The first login also opens connections and prepares statements.
        await LogInAsync(phone, page, typed);
        var before = wire.RoundTrips;
        await LogInAsync(phone, page, typed);

        Assert.That(wire.RoundTrips - before, Is.EqualTo(2));
    }

    private static async Task LogInAsync(Phone phone, Page page, bool typed)
    {
        phone.Verifier = Phone.NewVerifier();
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        var qr = await page.HearsAsync("qr");
        Assert.That((await (typed ? phone.TypeAsync(qr) : phone.ScanAsync(qr))).Status, Is.EqualTo(200));
        await page.HearsAsync("ended");
    }
}
