using System.Text;
using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Descriptions;

/// <summary>What all calls of a kind refuse alike, asked of each that is described.</summary>
internal sealed class EveryCallTests
{
    private const string User = "4711";

    private static IEnumerable<(HttpMethod Method, string Path, JsonNode Call)> Calls =>
        from path in Described.OpenApi["paths"]!.AsObject()
        from call in path.Value!.AsObject()
        let target = path.Key.Replace("{attemptId}", $"{Guid.Empty}", StringComparison.Ordinal)
            .Replace("{id}", $"{Guid.Empty}", StringComparison.Ordinal)
            .Replace("{externalId}", User, StringComparison.Ordinal)
        select (HttpMethod.Parse(call.Key.ToUpperInvariant()), target, call.Value!);

    /// <summary>Those that a client of the site makes.</summary>
    private static IEnumerable<(HttpMethod Method, string Path)> OfClients =>
        from each in Calls
        where each.Call["security"]?.ToJsonString().Contains("client", StringComparison.Ordinal) == true
        select (each.Method, each.Path);

    /// <summary>Those that read a body.</summary>
    private static IEnumerable<(string Path, string MediaType)> WithBody =>
        from each in Calls
        where each.Call["requestBody"] is not null
        select (each.Path, each.Call["requestBody"]!["content"]!.AsObject().Single().Key);

    [Test]
    public async Task Who_is_no_client_or_lacks_the_scope_or_has_failed_too_often_makes_no_call_of_a_client()
    {
        await using var strict = new TestServer(World.Database, new() { ["Limits:ClientFailuresPerMinute"] = "1" });
        using var stranger = new SiteBackend(strict, "nobody", Phone.NewVerifier());
        using var opener = await SiteBackend.NewAsync(World.Server, "sessions");
        using var checker = await SiteBackend.NewAsync(World.Server, "introspect");
        using var http = Actors.Calls.Client(World.Server);
        Assert.That((await stranger.CallAsync(HttpMethod.Post, "/oauth/revoke", Body("/oauth/revoke"))).Status, Is.EqualTo(401));
        foreach (var (method, path) in OfClients)
        {
            var what = $"{method} {path}";
            var poor = path.StartsWith("/oauth", StringComparison.Ordinal) ? opener : checker;
            var unknown = await http.CallAsync(method, path, Body(path));
            Assert.That((unknown.Word(), unknown.Header("WWW-Authenticate")?[..5]), Is.EqualTo(("401 client_required", "Basic")), what);
            Assert.That((await poor.CallAsync(method, path, Body(path))).Word(), Is.EqualTo("403 scope_required"), what);
            Assert.That((await stranger.CallAsync(method, path, Body(path))).Word(), Is.EqualTo("429 too_many_requests"), what);
        }

        Assert.That(OfClients.Count(), Is.GreaterThan(5));
    }

    [Test]
    public async Task Without_a_database_no_client_is_known()
    {
        await using var server = new TestServer(DocumentTests.NoDatabase, new() { [ServerLog.Level] = "Fatal" });
        using var client = new SiteBackend(server, "shop", Phone.NewVerifier());
        foreach (var (method, path) in OfClients)
        {
            Assert.That((await client.CallAsync(method, path, Body(path))).Word(), Is.EqualTo("503 unavailable"), $"{method} {path}");
        }
    }

    [Test]
    public async Task A_body_of_more_than_8_KiB_is_refused_whether_it_would_be_read_or_not()
    {
        using var http = Actors.Calls.Client(World.Server);
        foreach (var (method, path, _) in Calls.Where(each => each.Method != HttpMethod.Head))
        {
            var answer = await http.CallAsync(method, path, new StringContent(new string(' ', 9000), Encoding.UTF8, "application/json"));
            Assert.That(answer.Word(), Is.EqualTo("413 body_too_large"), $"{method} {path}");
        }
    }

    [Test]
    public async Task A_body_that_is_wrong_or_of_another_type_is_refused()
    {
        using var client = await SiteBackend.NewAsync(World.Server);
        await client.CodeAsync(User);
        foreach (var (path, type) in WithBody)
        {
            async Task<string> WordAsync(string text, string mediaType) =>
                (await client.CallAsync(HttpMethod.Post, path, new StringContent(text, Encoding.UTF8, mediaType))).Word();

            Assert.That(await WordAsync("{", type), Is.EqualTo("400 invalid_request"), path);
            Assert.That(await WordAsync("{}", "text/plain"), Is.EqualTo("415 unsupported_media_type"), path);
        }
    }

    [Test]
    public async Task A_body_that_stops_half_way_is_not_waited_for()
    {
        using var client = await SiteBackend.NewAsync(World.Server);
        await client.CodeAsync(User);
        var words = await Task.WhenAll(WithBody.Select(async each =>
        {
            using var socket = await RawSocket.ConnectAsync(World.Server);
            var (status, code, _) = await socket.AskAsync(
                $"POST {each.Path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {client.Authorization}\r\n"
                + $"Content-Type: {each.MediaType}\r\nContent-Length: 100\r\n\r\n{{");
            return $"{status} {code}";
        }));
        Assert.That(words, Has.Length.GreaterThan(5).And.All.EqualTo("408 request_timeout"));
    }

    private static StringContent? Body(string path) => WithBody.FirstOrDefault(each => each.Path == path) is (not null, var type)
        ? new StringContent("", Encoding.UTF8, type) : null;
}
