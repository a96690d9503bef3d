using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>What holds whatever happens at the same time.</summary>
internal sealed class RaceTests
{
    [Test]
    public async Task Two_hundred_redeems_of_one_code_at_once_make_one_session()
    {
        using var phone = new Phone(World.Server);
        var alice = await World.Admin.HasAccountAsync(phone);
        var (browser, page) = await Browser.AtAsync(World.Server, alice);
        await phone.IdentifyAsync();
        var ticket = QrReader.TicketOf(await page.HearsAsync("qr"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => phone.RedeemAsync(ticket)));

        Assert.That(answers.Select(each => each.Status), Is.All.EqualTo(200), "the same phone may repeat");
        Assert.That(answers.Select(each => each["accessToken"].ToString()).Distinct().Count(), Is.EqualTo(1));
        Assert.That(
            await World.Admin.QueryAsync<int>(
                "select count(*) from admin.sessions where username = @Username and kind = 'mobile'", new { alice.Username }),
            Is.EqualTo(1));
        await browser.DisposeAsync();
    }

    [Test]
    public async Task Two_hundred_redeems_by_strangers_make_no_session_and_one_warning()
    {
        using var phone = new Phone(World.Server);
        var alice = await World.Admin.HasAccountAsync(phone);
        var (browser, page) = await Browser.AtAsync(World.Server, alice);
        await phone.IdentifyAsync();
        var ticket = QrReader.TicketOf(await page.HearsAsync("qr"));

        var strangers = Enumerable.Range(0, 200).Select(_ => new Phone(World.Server, phone.Identifiers)).ToList();
        var answers = await Task.WhenAll(strangers.Select(each => each.RedeemAsync(ticket)));
        strangers.ForEach(each => each.Dispose());
        await phone.RedeemAsync(ticket);
        await page.HearsAsync("ended");

        Assert.That(answers.Select(each => each.Text).Distinct().ToList(), Has.Count.EqualTo(1), "one and the same refusal");
        Assert.That(answers.Select(each => each.Code), Is.All.EqualTo("invalid_ticket"));
        Assert.That(page.Heard.Count(each => each["type"]!.ToString() == "warning"), Is.EqualTo(1));
        Assert.That(phone.Token, Is.Not.Null);
        await browser.DisposeAsync();
    }
}
