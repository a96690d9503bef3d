using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Http;

/// <summary>T17: bodies that no client of ours would send. The log is the process's console, so nothing else may run meanwhile.</summary>
[NonParallelizable]
internal sealed class HostileJsonTests
{
    private const string Mark = "@@";
    private const string NotThatJson = "It is not the JSON that is expected here.";
    private const string Identifiers = """[{"kind":"phone","value":"+8613800138000"}]""";
    private const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    /// <summary>Every body that a call reads, such that all of it is looked at; a right user name would cost a bcrypt each.</summary>
    private static readonly (string Path, string Body)[] Bodies =
    [
        ("/api/session", """{"username":"no body","password":"x"}"""),
        ("/api/session/handoff", """{"code":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"""),
        ("/api/backend/sessions", $$"""
            {"account":{"externalId":"{{Routes.Id}}","displayName":"Alice"},"identifiers":{{Identifiers}}}
            """),
        ($"/api/backend/accounts/{Routes.Id}/bindings", """{"kind":"phone","value":"+8613800138000","label":"Pixel"}"""),
        ($"/api/backend/accounts/{Routes.Id}/bindings/remove", """{"kind":"phone","value":"+8613800138000"}"""),
        ("/api/login/identify", $$"""
            {"identifiers":{{Identifiers}},"codeChallenge":"{{Challenge}}","codeChallengeMethod":"S256",
             "device":{"name":"Pixel 10","platform":"Android 17"} }
            """),
        ($"/api/login/{Routes.Id}/status", $$"""
            {"codeVerifier":"{{Verifier}}"}
            """),
        ("/api/login/redeem", $$"""
            {"ticket":"AAAAAAAAAAAAAAAAAAAAAA","codeVerifier":"{{Verifier}}","identifiers":{{Identifiers}}}
            """),
        ("/api/login/redeem", $$"""
            {"attemptId":"018f0000-0000-7000-8000-000000000000","typedCode":"7KQ4-9XWD","codeVerifier":"{{Verifier}}",
             "identifiers":{{Identifiers}}}
            """),
    ];

    [Test]
    public async Task No_body_is_a_fault_of_the_servers_and_somebody_is_signed_in_afterwards()
    {
        var log = await ConsoleLog.OfAsync("Information", async server =>
        {
            var routes = Routes.Of(server);
            Assert.That(
                Bodies.Select(each => each.Path).Distinct(),
                Is.EquivalentTo(routes.Where(each => each.ReadsJson).Select(each => each.Path)), "each call that reads a body");
            using var browser = await Browser.AtAsync(server, await World.Admin.HasAccountAsync());
            using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = server.Address };
            using (Assert.EnterMultipleScope())
            {
                foreach (var cookie in new[] { "", browser.Cookie! })
                {
                    foreach (var (what, path, expected, body) in Whole(routes).Concat(Members()))
                    {
                        var answer = await PostAsync(http, path, body, ("Cookie", cookie));
                        var who = cookie.Length > 0 ? "signed in" : "nobody";
                        AssertRefused(answer, IsBackends(path) ? ["401"] : expected, $"{path}, {what}, {who}");
                    }
                }

                await AssertBackendRefusesAsync(server, http, routes);
            }

            await Corpus.AssertStillSignsInAsync(server);
        }, new() { ["TrustedProxies:0"] = "127.0.0.1" });
        ConsoleLog.AssertNoFault(log);
    }

    /// <summary>The same by clients for whom even a right body would be refused, so that whatever is put in a member is as well.</summary>
    private static async Task AssertBackendRefusesAsync(TestServer server, HttpClient http, Route[] routes)
    {
        using var opener = await SiteBackend.NewAsync(server, "sessions"); // which may not bind, and whose user is disabled
        await opener.CodeAsync(Routes.Id);
        await World.Admin.ExecuteAsync("select admin.disable_account(@name)", new { name = $"{opener.Name}/{Routes.Id}" });
        using var binder = await SiteBackend.NewAsync(server); // whose other user has the identifier
        using var taken = new Phone(server, ("phone", "+8613800138000"));
        await binder.CodeAsync(SiteBackend.NewUserId(), taken);
        await binder.CodeAsync(Routes.Id);
        foreach (var (what, path, expected, body) in Whole(routes).Concat(Members()).Where(each => IsBackends(each.Path)))
        {
            var client = path.Contains("/bindings", StringComparison.Ordinal) ? binder : opener;
            var answer = await PostAsync(http, path, body, ("Authorization", client.Authorization));
            string[] unread = [path.EndsWith("/enable", StringComparison.Ordinal) ? "403" : "204"];
            AssertRefused(answer, routes.Single(route => route.Path == path).ReadsJson ? expected : unread, $"{path}, {what}");
        }
    }

    private static bool IsBackends(string path) => path.StartsWith("/api/backend/", StringComparison.Ordinal);

    /// <summary>The bodies of json.tsv to every call that is a POST, whether it reads them or not.</summary>
    private static IEnumerable<(string What, string Path, string[] Expected, byte[] Body)> Whole(Route[] routes) =>
        from line in Corpus.Table("json.tsv")
        from route in routes
        where route.Methods.Contains("POST")
        select (line[0], route.Path, route.ReadsJson ? line[1].Split(' ') : ["4"], Corpus.Bytes(line[2]));

    /// <summary>The values of values.tsv in each place of each body.</summary>
    private static IEnumerable<(string What, string Path, string[] Expected, byte[] Body)> Members() =>
        from call in Bodies
        from place in Places(JsonNode.Parse(call.Body)!)
        from line in Corpus.Table("values.tsv")
        select (
            $"{line[0]} in {place}", call.Path, new[] { line[1] },
            Corpus.Bytes(place.Replace($"\"{Mark}\"", line[2], StringComparison.Ordinal)));

    /// <summary>The body once for each of its values, a mark in that one's place.</summary>
    private static IEnumerable<string> Places(JsonNode body)
    {
        for (var i = 0; i < All(body).Count(); i++)
        {
            var copy = body.DeepClone();
            var place = All(copy).ElementAt(i);
            if (place == copy)
            {
                yield return $"\"{Mark}\"";
                continue;
            }

            place.ReplaceWith(Mark);
            yield return copy.ToJsonString();
        }
    }

    private static IEnumerable<JsonNode> All(JsonNode node) => node switch
    {
        JsonObject members => members.SelectMany(each => All(each.Value!)).Prepend(node),
        JsonArray elements => elements.SelectMany(each => All(each!)).Prepend(node),
        _ => [node],
    };

    /// <summary>Each from an address of its own, so that no limit hides what is tried.</summary>
    private static Task<Answer> PostAsync(HttpClient http, string path, byte[] body, (string Name, string Value) credential)
    {
        var content = new ByteArrayContent(body);
        content.Headers.Add("Content-Type", "application/json");
        var address = $"10.{Random.Shared.Next(256)}.{Random.Shared.Next(256)}.{Random.Shared.Next(256)}";
        return http.CallAsync(
            HttpMethod.Post, path, content, ("Origin", TestServer.Origin), credential, ("X-Forwarded-For", address));
    }

    private static void AssertRefused(Answer answer, string[] expected, string what)
    {
        Assert.That($"{answer.Status}", Does.StartWith(expected[0]), $"{what}: {answer.Text}");
        Corpus.AssertHarmless(answer.Status, answer.Header("Content-Type"), answer.Text, what);
        if (answer.Code == "invalid_request")
        {
            var faults = answer["errors"].AsObject().Select(each => $"{each.Value![0]}").ToList();
            Assert.That(faults, expected.Length > 1 ? Is.EqualTo([NotThatJson]) : Is.Not.Empty, $"{what}: {answer.Text}");
        }
    }
}
