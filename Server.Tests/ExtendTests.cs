using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests;

/// <summary>PROTOCOL.md: POST /api/login/{attemptId}/extend, and …/status, by which the phone learns of it.</summary>
internal sealed class ExtendTests
{
    [Test]
    public async Task More_time_is_five_minutes_from_now_with_a_fresh_code_on_every_screen()
    {
        using var scene = await Scene.ReadyAsync();
        using var elsewhere = await Browser.AtAsync(World.Server, scene.Account);
        var qr = await scene.CodeAsync();
        await elsewhere.Page.HearsAsync("qr");
        await LeaveAsync(qr, 20);

        Assert.That((await ExtendAsync(scene, qr)).Status, Is.EqualTo(204));

        var fresh = await scene.Page.HearsAsync("qr");
        Assert.That((int)fresh["attemptExpiresIn"]!, Is.InRange(295, 300));
        Assert.That((int)fresh["expiresIn"]!, Is.InRange(55, 60));
        Assert.That(fresh["typedCode"]!.ToString(), Is.EqualTo(qr["typedCode"]!.ToString()));
        Assert.That((int)(await elsewhere.Page.HearsAsync("qr"))["attemptExpiresIn"]!, Is.InRange(295, 300));
        Assert.That((int)(await scene.Phone.StatusAsync())["expiresIn"], Is.InRange(290, 300));
        Assert.That((await scene.Phone.ScanAsync(fresh)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Who_has_time_enough_is_given_none_and_loses_nothing()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        for (var i = 0; i < 12; i++)
        {
            Assert.That((await ExtendAsync(scene, qr)).Status, Is.EqualTo(204));
        }

        Assert.That(scene.Page.Heard.Count(each => each["type"]!.ToString() == "qr"), Is.EqualTo(1));
        await LeaveAsync(qr, 235);
        Assert.That((await ExtendAsync(scene, qr)).Status, Is.EqualTo(204));
        await scene.Page.HearsAsync("qr");
    }

    [Test]
    public async Task The_eleventh_time_is_too_many()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        for (var i = 0; i < 10; i++)
        {
            await LeaveAsync(qr, 30);
            Assert.That((await ExtendAsync(scene, qr)).Status, Is.EqualTo(204));
            await scene.Page.HearsAsync("qr");
        }

        await LeaveAsync(qr, 30);
        var limited = await ExtendAsync(scene, qr);
        Assert.That((limited.Status, limited.Code), Is.EqualTo((429, "too_many_requests")));
        Assert.That(int.Parse(limited.Header("Retry-After")!, null), Is.InRange(20, 30));
    }

    [Test]
    public async Task More_time_brings_eight_more_codes()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        for (var i = 2; i <= 8; i++)
        {
            await scene.RefreshAsync(qr);
        }

        Assert.That((await scene.RefreshAsync(qr)).Status, Is.EqualTo(429));
        await LeaveAsync(qr, 100);
        await ExtendAsync(scene, qr);
        for (var i = 2; i <= 8; i++)
        {
            Assert.That((await scene.RefreshAsync(qr)).Status, Is.EqualTo(204), $"code {i} of the second eight");
        }

        Assert.That((await scene.RefreshAsync(qr)).Status, Is.EqualTo(429));
    }

    [TestCase("already_redeemed")]
    [TestCase("declined")]
    [TestCase("superseded")]
    [TestCase("attempt_expired")]
    public async Task An_attempt_that_is_over_gets_no_more_time_and_its_phone_is_told_why(string code)
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await (code switch
        {
            "already_redeemed" => scene.Phone.ScanAsync(qr),
            "declined" => scene.DeclineAsync(qr),
            "superseded" => scene.AnotherPhone().IdentifyAsync(),
            _ => (Task)LeaveAsync(qr, -1),
        });

        var answer = await ExtendAsync(scene, qr);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((410, code)));
        var status = await scene.Phone.StatusAsync();
        Assert.That((status.Status, status.Code), Is.EqualTo((410, code)));
    }

    [Test]
    public async Task An_attempt_of_another_account_is_not_found()
    {
        using var scene = await Scene.ReadyAsync();
        using var eve = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        await LeaveAsync(qr, 20);
        Assert.That((await ExtendAsync(eve, qr)).Code, Is.EqualTo("not_found"));
        Assert.That((int)(await scene.Phone.StatusAsync())["expiresIn"], Is.LessThanOrEqualTo(20));
    }

    [Test]
    public async Task Another_phone_is_told_nothing()
    {
        using var scene = await Scene.ReadyAsync();
        var qr = await scene.CodeAsync();
        var twin = scene.AnotherPhone();
        twin.AttemptId = qr["attemptId"]!.ToString();
        var nobody = scene.AnotherPhone();
        nobody.AttemptId = Guid.NewGuid().ToString();

        var (wrong, unknown) = (await twin.StatusAsync(), await nobody.StatusAsync());

        Assert.That((wrong.Status, wrong.Code), Is.EqualTo((404, "not_found")));
        Assert.That(wrong.Text, Is.EqualTo(unknown.Text));
        twin.Verifier = "short";
        var invalid = await twin.StatusAsync();
        Assert.That((invalid.Status, invalid.Code), Is.EqualTo((400, "invalid_request")));
        Assert.That(invalid["errors"]["codeVerifier"], Is.Not.Null);
    }

    private static Task<Answer> ExtendAsync(Scene scene, JsonNode qr) =>
        scene.Browser.CallAsync(HttpMethod.Post, $"/api/login/{qr["attemptId"]}/extend");

    private static Task<int> LeaveAsync(JsonNode qr, int seconds) => World.Admin.ExecuteAsync(
        """
        update login_attempt set created_at = now() - interval '301 s', expires_at = now() + @seconds * interval '1 s'
        where id = @id::uuid
        """, new { seconds, id = qr["attemptId"]!.ToString() });
}
