using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Faults;

/// <summary>F11: the process's clock is a day off. PostgreSQL's alone decides what has expired.</summary>
internal sealed class ClockTests
{
    private static readonly string? Library = Directory
        .EnumerateFiles(
            "/usr/lib", "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
        .FirstOrDefault();

    [TestCase("-1d")]
    [TestCase("+1d")]
    public async Task A_server_whose_clock_is_a_day_off_signs_in_as_any_other(string offset)
    {
        if (Library is null && !Tool.IsCi)
        {
            Assert.Ignore("libfaketime is missing (Debian: apt-get install faketime).");
        }

        using var server = await ServerProcess.StartAsync(
            World.Database, "true", ("LD_PRELOAD", Library!), ("FAKETIME", offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("FAKETIME_DONT_RESET", "1"), ("DOTNET_gcServer", "0"));
        using var phone = new Phone(server);
        using var browser = await Browser.AtAsync(server, await World.Admin.HasAccountAsync(phone));
        var date = DateTimeOffset.Parse((await browser.WhoAmIAsync()).Header("Date")!, null);
        Assert.That(Math.Abs((date - DateTimeOffset.UtcNow).TotalHours), Is.InRange(23, 25), "its clock is off");

        var answer = await phone.IdentifyAsync();
        var qr = await browser.Page.HearsAsync("qr");
        Assert.That(((int)answer["expiresIn"], (int)qr["expiresIn"]!), Is.EqualTo((300, 60)));
        Assert.That((int)(await phone.StatusAsync())["expiresIn"], Is.InRange(290, 300));
        var granted = await phone.ScanAsync(qr);

        Assert.That(granted.Status, Is.EqualTo(200), granted.Text);
        Assert.That((int)granted["expiresIn"], Is.EqualTo(2_592_000));
        Assert.That((await phone.WhoAmIAsync()).Status, Is.EqualTo(200));
        Assert.That((int)(await browser.WhoAmIAsync())["session"]["expiresIn"]!, Is.InRange(43_100, 43_200));
        await browser.Page.HearsAsync("ended");
        Assert.That(browser.Page.Socket.CloseStatus, Is.Null, "its session has not expired");
        await Eventually.IsAsync(
            async () => await World.Admin.QueryAsync<int>(
                "select count(*)::int from audit where attempt_id = @id::uuid and at between now() - interval '1 min' and now()",
                new { id = answer["attemptId"].ToString() }) > 0,
            "the audit trail has PostgreSQL's time");
    }
}
