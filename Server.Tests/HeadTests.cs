using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>HEAD is GET without a body (RFC 9110 §9.3.2), for all that is no call.</summary>
internal sealed class HeadTests
{
    [TestCase("/")]
    [TestCase("/phone")]
    [TestCase("/q")]
    [TestCase("/phone.png")]
    [TestCase("/manifest.webmanifest")]
    [TestCase("/phone/page.js")]
    [TestCase("/computer/visitor.js")]
    [TestCase("/healthz/live")]
    [TestCase("/healthz/ready")]
    [TestCase("/.well-known/assetlinks.json")]
    [TestCase("/.well-known/apple-app-site-association")] // here none is named: 404
    [TestCase("/nothing/here")]
    public async Task What_GET_answers_HEAD_answers_without_a_body(string path)
    {
        using var server = new TestServer(World.Database, new()
        {
            ["Apps:Android:0:Package"] = "com.example.app",
            ["Apps:Android:0:Fingerprints:0"] = string.Join(':', Enumerable.Repeat("A1", 32)),
        });
        using var http = new HttpClient { BaseAddress = server.Address };
        var whole = await http.CallAsync(HttpMethod.Get, path);
        var head = await http.CallAsync(HttpMethod.Head, path);
        Assert.That(head.Text, Is.Empty);
        Assert.That(head.Status, Is.EqualTo(whole.Status));
        foreach (var name in new[] { "Content-Type", "Cache-Control", "ETag", "Content-Security-Policy", "X-Content-Type-Options" })
        {
            Assert.That(head.Header(name), Is.EqualTo(whole.Header(name)), name);
        }

        const string Length = "Content-Length"; // the same or, where the body is not made, unsaid (RFC 9110 §8.6)
        Assert.That(head.Header(Length), Is.EqualTo(whole.Header(Length)).Or.Null);
    }

    [TestCase("/api/session")]
    [TestCase("/api/sessions")]
    [TestCase("/connect")]
    public async Task A_call_takes_no_HEAD(string path)
    {
        using var http = new HttpClient { BaseAddress = World.Server.Address };
        var answer = await http.CallAsync(HttpMethod.Head, path);
        Assert.That((answer.Status, answer.Text), Is.EqualTo((405, "")));
    }
}
