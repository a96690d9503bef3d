using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Descriptions;

/// <summary>How the documents are served.</summary>
internal sealed class DocumentTests
{
    /// <summary>Nothing listens there.</summary>
    public const string NoDatabase = "Host=127.0.0.1;Port=1;Username=nobody;Password=none;Database=none";

    [TestCase("/openapi/v1.json")]
    [TestCase("/asyncapi/v1.json")]
    public async Task Who_has_the_document_is_told_that_it_has_not_changed(string path)
    {
        using var http = Calls.Client(World.Server);
        var first = await http.CallAsync(HttpMethod.Get, path);
        Assert.That((first.Status, first.Header("Cache-Control")), Is.EqualTo((200, "no-cache")));
        var second = await http.CallAsync(HttpMethod.Get, path, null, ("If-None-Match", first.Header("ETag")!));
        Assert.That((second.Status, second.Text, second.Header("ETag")), Is.EqualTo((304, "", first.Header("ETag"))));
        var other = await http.CallAsync(HttpMethod.Get, path, null, ("If-None-Match", "\"another build\""));
        Assert.That((other.Status, other.Text), Is.EqualTo((200, first.Text)));
    }

    [TestCase("Range", "bytes=0-9")]
    [TestCase("Range", "bytes=99999999-")]
    [TestCase("If-Match", "\"x\"")]
    [TestCase("If-Unmodified-Since", "Thu, 01 Jan 2015 00:00:00 GMT")]
    public async Task Pages_and_documents_come_whole(string header, string value)
    {
        using var http = Calls.Client(World.Server);
        foreach (var path in new[] { "/", "/phone", "/common/api.js", "/openapi/v1.json", "/asyncapi/v1.json" })
        {
            Assert.That((await http.CallAsync(HttpMethod.Get, path, null, (header, value))).Status, Is.EqualTo(200), path);
        }
    }

    [TestCase("/openapi/v1.json")]
    [TestCase("/asyncapi/v1.json")]
    public async Task The_document_needs_no_database(string path)
    {
        await using var server = new TestServer(NoDatabase);
        using var http = Calls.Client(server);
        Assert.That((await http.CallAsync(HttpMethod.Get, path)).Status, Is.EqualTo(200));
        Assert.That((await http.CallAsync(HttpMethod.Get, "/healthz/ready")).Status, Is.EqualTo(503), "it has none");
    }
}
