using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Backend;

/// <summary>A hand-off that was not used yet ends with what it was made for.</summary>
internal sealed class HandoffEndTests : SiteTest
{
    private readonly string id = SiteBackend.NewUserId();

    [TestCase("select admin.revoke_sessions(@account)")]
    [TestCase("select admin.disable_account(@account); select admin.enable_account(@account)")]
    [TestCase("select admin.set_client_scopes(@client, array['bindings'])")]
    [TestCase("select admin.disable_client(@client); select admin.enable_client(@client)")]
    public async Task What_an_administrator_ends_ends_hand_offs(string sql)
    {
        using var browser = new Browser(World.Server);
        var code = await Site.CodeAsync(id);
        await World.Admin.ExecuteAsync(sql, new { account = $"{Site.Name}/{id}", client = Site.Name });
        Assert.That((await browser.HandOverAsync(code)).Word(), Is.EqualTo("400 invalid_handoff"));
    }

    [TestCase("DELETE /sessions", true)]
    [TestCase("DELETE /sessions?kind=web", true)]
    [TestCase("DELETE /sessions?kind=mobile", false)]
    [TestCase("POST /disable, POST /enable", true)]
    [TestCase("DELETE ", true)]
    public async Task What_the_site_ends_ends_hand_offs(string calls, bool ends)
    {
        using var browser = new Browser(World.Server);
        var code = await Site.CodeAsync(id);
        foreach (var call in calls.Split(", ").Select(each => each.Split(' ')))
        {
            Assert.That((await Site.OfAsync(id, new HttpMethod(call[0]), call[1])).Status, Is.EqualTo(204));
        }

        Assert.That((await browser.HandOverAsync(code)).Word(), Is.EqualTo(ends ? "400 invalid_handoff" : "200"));
    }
}
