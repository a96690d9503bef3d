using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QrLogin.Server.Http;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Apps;

/// <summary>
/// What scripts/app's Kotlin and Swift send is what the real server takes, and what they read is in its answers. Each name comes from the
/// file: a wrong one is refused, or not found.
/// </summary>
[TestFixture("QrLogin.kt")]
[TestFixture("QrLogin.swift")]
internal sealed class AppFileTests(string name)
{
    private readonly AppFile app = AppFile.Read(name);

    private AppCall Identify => app.Call("POST", "/api/login/identify");

    private AppCall Status => app.Calls.Single(each => each.Path.EndsWith("/status", StringComparison.Ordinal));

    private AppCall Redeem => app.Call("POST", "/api/login/redeem");

    [Test]
    public async Task It_scans_types_and_is_signed_in()
    {
        using var scene = await Scene.ReadyAsync(("app", Phone.NewInstallId()));
        var phone = scene.Phone;
        var answer = await AskAsync(phone);
        Assert.That(answer.Status, Is.EqualTo(202), answer.Text);
        AssertHas(answer, Identify);
        Assert.That(Status.Path, Does.StartWith("/api/login/").And.EndsWith("/status"));
        var status = await phone.CallAsync(
            HttpMethod.Post, $"/api/login/{answer["attemptId"]}/status", Status.Body(Values(phone)));
        Assert.That(status.Status, Is.EqualTo(200), status.Text);
        AssertHas(status, Status);

        var qr = await scene.Page.HearsAsync("qr");
        Assert.That((qr["device"]!["name"]!.ToString(), qr["device"]!["platform"]!.ToString()), Is.EqualTo(("Pixel 10", "Android 17")));
        var link = QrReader.Read(qr["image"]!.ToString());
        var start = Regex.Match(app.Text, @"""(?:\$origin|\\\(origin\))(/[^""]+)""").Groups[1].Value;
        Assert.That(link, Does.StartWith(TestServer.Origin + start));
        var ticket = link[(TestServer.Origin + start).Length..];
        Assert.That(new[] { ticket, ticket[1..], ticket + "A" }.Where(IsTicket), Is.EqualTo([ticket]));

        var scanned = await phone.CallAsync(HttpMethod.Post, Redeem.Path, Redeem.Body(
            Values(phone, ("ticket", ticket)), "attemptId", "typedCode"));
        Assert.That(scanned.Status, Is.EqualTo(200), scanned.Text);
        AssertHas(scanned, Redeem);
        await IsSignedInAsync(scanned["accessToken"].ToString());

        phone.Verifier = Phone.NewVerifier();
        answer = await AskAsync(phone);
        qr = await scene.Page.HearsAsync("qr");
        var typed = await phone.CallAsync(HttpMethod.Post, Redeem.Path, Redeem.Body(
            Values(phone, ("attemptId", answer["attemptId"].ToString()), ("typedCode", qr["typedCode"]!.ToString())), "ticket"));
        Assert.That(typed.Status, Is.EqualTo(200), typed.Text);
        AssertHas(typed, Redeem);
    }

    [Test]
    public async Task It_hears_why_it_is_refused_and_how_long_to_wait()
    {
        using var stranger = new Phone(World.Server, ("app", Phone.NewInstallId()));
        Assert.That((await AskAsync(stranger)).Body[app.ProblemMember]!.ToString(), Is.EqualTo("no_live_connection"));

        using var scene = await Scene.ReadyAsync(("app", Phone.NewInstallId()));
        for (var i = 0; i < 3; i++)
        {
            Assert.That((await AskAsync(scene.Phone)).Status, Is.EqualTo(202));
            scene.Phone.Verifier = Phone.NewVerifier();
        }

        var limited = await AskAsync(scene.Phone);
        Assert.That(limited.Body[app.ProblemMember]!.ToString(), Is.EqualTo("too_many_requests"));
        Assert.That(int.Parse(limited.Header(app.WaitHeader)!, null), Is.InRange(1, 60));
    }

    [Test]
    public void It_advises_on_what_the_server_says()
    {
        var problems = typeof(Problem).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (Problem)field.GetValue(null)!);
        Assert.That(app.Codes.Except(problems.Select(problem => problem.Code)), Is.Empty);
    }

    [Test]
    public void It_keeps_what_it_reads_again_where_no_other_app_can() // compiled by nobody here
    {
        Assert.That(app.Attempt.Used.Except(app.Attempt.Kept), Is.Empty);
        Assert.That(app.Attempt.Kept, Has.Length.EqualTo(4));
        Assert.That(app.Text, name == "QrLogin.kt"
            ? Does.Contain("KeyStore.getInstance(\"AndroidKeyStore\")").And.Contain("AES/GCM/NoPadding")
            : Does.Contain("kSecClassGenericPassword").And.Contain("kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly"));
    }

    private bool IsTicket(string text) => Regex.IsMatch(text, $@"\A(?:{app.TicketPattern})\z");

    private Task<Answer> AskAsync(Phone phone) => phone.CallAsync(HttpMethod.Post, Identify.Path, Identify.Body(Values(phone)));

    /// <summary>By PROTOCOL.md's names.</summary>
    private static Dictionary<string, string> Values(Phone phone, params (string Member, string Value)[] more) => new(
        more.Select(each => KeyValuePair.Create(each.Member, each.Value)))
    {
        ["identifiers[].kind"] = phone.Identifiers[0].Kind,
        ["identifiers[].value"] = phone.Identifiers[0].Value,
        ["codeChallenge"] = phone.Challenge,
        ["codeChallengeMethod"] = "S256",
        ["codeVerifier"] = phone.Verifier,
        ["device.name"] = "Pixel 10",
        ["device.platform"] = "Android 17",
    };

    private static void AssertHas(Answer answer, AppCall call)
    {
        Assert.That(call.Read, Is.Not.Empty);
        foreach (var (member, isNumber) in call.Read)
        {
            var value = member.Split('.').Aggregate((JsonNode?)answer.Body, (node, part) => node?[part]);
            var kind = isNumber ? JsonValueKind.Number : JsonValueKind.String;
            Assert.That(value?.GetValueKind(), Is.EqualTo(kind), $"{call.Path}: {member}");
        }
    }

    /// <summary>With the header that the file sends.</summary>
    private async Task IsSignedInAsync(string token)
    {
        var session = app.Calls.Single(each => each.Method == "GET");
        Assert.That(app.Text, Does.Contain("\"Bearer $token\"").Or.Contain("\"Bearer \\(token)\""));
        var header = Regex.Match(app.Text, @"""(Author\w+)""").Groups[1].Value;
        using var http = new HttpClient { BaseAddress = World.Server.Address };
        var answer = await http.CallAsync(HttpMethod.Get, session.Path, null, (header, $"Bearer {token}"));
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
    }
}
