using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>PROTOCOL.md: every error is application/problem+json with a stable code.</summary>
internal sealed class ProblemTests
{
    [TestCase("GET", "/nothing/here", 404, "not_found")]
    [TestCase("GET", "/api/login/identify", 405, "method_not_allowed")]
    [TestCase("PUT", "/api/session", 405, "method_not_allowed")]
    [TestCase("POST", "/connect", 405, "method_not_allowed")]
    [TestCase("POST", "/phone.png", 405, "method_not_allowed")]
    [TestCase("GET", "/connect", 426, "upgrade_required")]
    [TestCase("POST", "/api/login/not-a-guid/qr", 404, "not_found")]
    public async Task A_call_that_leads_nowhere_is_a_problem(string method, string path, int status, string code)
    {
        using var browser = new Browser(World.Server);
        AssertProblem(await browser.CallAsync(new HttpMethod(method), path), status, code);
    }

    [Test]
    public async Task A_client_that_accepts_only_html_gets_problems_all_the_same()
    {
        using var http = new HttpClient { BaseAddress = World.Server.Address };
        var accept = ("Accept", "text/html");
        AssertProblem(await http.CallAsync(HttpMethod.Get, "/nothing", null, accept), 404, "not_found");
        AssertProblem(await http.CallAsync(HttpMethod.Get, "/api/session", null, accept), 401, "session_required");
        AssertProblem(await http.CallAsync(HttpMethod.Post, "/api/login/redeem", new { ticket = 7 }, accept), 400, "invalid_request");
        var invalid = await http.CallAsync(HttpMethod.Post, "/api/login/redeem", new { }, accept);
        AssertProblem(invalid, 400, "invalid_request");
        Assert.That(invalid["errors"]["ticket"], Is.Not.Null);
    }

    [TestCase("/api/session")]
    [TestCase("/api/login/identify")]
    [TestCase("/api/login/redeem")]
    public async Task A_body_of_the_wrong_media_type_too_large_too_deep_or_missing_is_a_problem(string path)
    {
        using var browser = new Browser(World.Server);
        Task<Answer> PostAsync(string body, string mediaType = "application/json") =>
            browser.CallAsync(HttpMethod.Post, path, new StringContent(body, null, mediaType));

        AssertProblem(await PostAsync("{}", "text/plain"), 415, "unsupported_media_type");
        var large = await PostAsync(new string(' ', 8193));
        AssertProblem(large, 413, "body_too_large");
        Assert.That(large.Response.Headers.ConnectionClose, Is.True, "or the next call would be sent into a connection that ends");
        AssertProblem(await PostAsync(new string('[', 5000)), 400, "invalid_request");
        AssertProblem(await browser.CallAsync(HttpMethod.Post, path), 400, "invalid_request");
    }

    [Test]
    public async Task Without_its_database_the_server_is_alive_not_ready_and_answers_503_with_retry_after()
    {
        await using var server = new TestServer("Host=127.0.0.1;Port=1;Username=nobody;Database=nothing");
        using var browser = new Browser(server) { Cookie = $"qrlogin={Phone.NewInstallId()}" };
        using var phone = new Phone(server);

        Assert.That((await browser.CallAsync(HttpMethod.Get, "/healthz/live")).Status, Is.EqualTo(200));
        foreach (var answer in new[]
        {
            await browser.CallAsync(HttpMethod.Get, "/healthz/ready"),
            await browser.WhoAmIAsync(), await browser.SignInAsync(new Account("alice", "")),
            await phone.IdentifyAsync(), await phone.RedeemAsync("AAAAAAAAAAAAAAAAAAAAAA"),
            await browser.CallAsync(HttpMethod.Get, "/api/sessions"), await browser.SignOutAsync(),
        })
        {
            AssertProblem(answer, 503, "unavailable");
            Assert.That(int.Parse(answer.Header("Retry-After")!, null), Is.Positive);
        }
    }

    [Test]
    public async Task With_its_database_the_server_is_ready()
    {
        using var browser = new Browser(World.Server);
        Assert.That((await browser.CallAsync(HttpMethod.Get, "/healthz/ready")).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task An_account_that_is_locked_for_longer_than_two_seconds_is_503()
    {
        using var scene = await Scene.ReadyAsync();
        await using var source = new Npgsql.NpgsqlDataSourceBuilder(World.Database).Build();
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var command = new Npgsql.NpgsqlCommand("select from account where username = $1 for update", connection, transaction))
        {
            command.Parameters.AddWithValue(scene.Account.Username);
            await command.ExecuteNonQueryAsync();
        }

        AssertProblem(await scene.Phone.IdentifyAsync(), 503, "unavailable");

        await transaction.RollbackAsync();
        Assert.That((await scene.Phone.IdentifyAsync()).Status, Is.EqualTo(202));
    }

    private static void AssertProblem(Answer answer, int status, string code)
    {
        Assert.That((answer.Status, answer.Code), Is.EqualTo((status, code)), answer.Text);
        Assert.That(answer.Header("Content-Type"), Does.StartWith("application/problem+json"));
        Assert.That(answer.Header("Cache-Control"), Is.EqualTo("no-store"));
        Assert.That(answer.Header("Server"), Is.Null);
        Assert.That((int)answer["status"], Is.EqualTo(status));
        foreach (var member in (string[])["type", "title", "detail"])
        {
            Assert.That(answer[member].ToString(), Is.Not.Empty);
        }
    }
}
