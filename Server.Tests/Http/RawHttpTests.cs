using System.Text.RegularExpressions;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Http;

/// <summary>T17: what is no HTTP, or would be read differently by a proxy in front. The log is the process's console.</summary>
[NonParallelizable]
internal sealed partial class RawHttpTests
{
    private const string Post = "POST /api/login/redeem HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/json\\r\\n";
    private const string Get = "GET /healthz/live HTTP/1.1\\r\\nHost: x\\r\\n";

    [Test]
    public async Task Odd_http_is_refused_or_read_in_one_way_only_and_somebody_is_signed_in_afterwards()
    {
        var log = await ConsoleLog.OfAsync("Information", async server =>
        {
            using (Assert.EnterMultipleScope())
            {
                foreach (var line in Corpus.Table("http.tsv"))
                {
                    await AssertAnswersAsync(server, line[0], line[1].Split(' '), Corpus.Bytes(Heads().Replace(line[2], Expand)));
                }
            }

            await Corpus.AssertStillSignsInAsync(server);
        });
        ConsoleLog.AssertNoFault(log);
    }

    [TestCase("Http1")]
    [TestCase("Http2")]
    public async Task Broken_http_2_ends_the_connection_and_nothing_else(string protocols)
    {
        var log = await ConsoleLog.OfAsync("Information", async server =>
        {
            const string BrokenPing = "\\x00\\x00\\x08\\x06\\x00\\x00\\x00\\x00\\x00{a*8}{\\xff*64}";
            foreach (var frames in new[] { "{\\xff*100}", BrokenPing, "GET / HTTP/1.1\\r\\n\\r\\n" })
            {
                using var attacker = new Attacker(server);
                await attacker.SendAsync(Corpus.Bytes("PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + frames));
                Assert.That(await attacker.IsClosedInTheEndAsync(), attacker.Heard);
                Assert.That(attacker.Heard, Does.Not.Contain("Exception").And.Not.Contain("HTTP/1.1 500"));
            }
        }, new() { ["Kestrel:EndpointDefaults:Protocols"] = protocols });
        ConsoleLog.AssertNoFault(log, isUsed: false);
    }

    /// <param name="expected">The statuses in order, and "closed" where the connection must end.</param>
    private static async Task AssertAnswersAsync(TestServer server, string name, string[] expected, byte[] request)
    {
        using var attacker = new Attacker(server);
        var sending = attacker.SendAsync(request);
        foreach (var status in expected.Where(each => each != "closed"))
        {
            var answer = await attacker.NextAsync();
            Assert.That($"{answer?.Status}", Is.EqualTo(status), $"{name}: {attacker.Heard}");
            if (answer is not null)
            {
                Corpus.AssertHarmless(answer.Status, answer.Headers.GetValueOrDefault("Content-Type"), answer.Body, name);
                Assert.That(answer.Headers.Keys, Has.No.Member("Server"), name);
            }
        }

        if (expected[^1] != "closed")
        {
            await sending;
            await attacker.SendAsync(Corpus.Bytes("GET /phone.png HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"));
            var next = await attacker.NextAsync();
            Assert.That(
                (next?.Status, next?.Headers["Content-Type"]), Is.EqualTo((200, "image/png")), $"{name}, the next: {attacker.Heard}");
        }
        else
        {
            Assert.That(await attacker.IsClosedAsync(), $"{name}: {attacker.Heard}");
        }
    }

    private static string Expand(Match head) => head.Value.StartsWith('P') ? Post : Get;

    /// <summary>The words that stand for the head of a request, where no blank follows.</summary>
    [GeneratedRegex(@"POST(?! /)|GET(?! [/*he])")]
    private static partial Regex Heads();
}
