using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Proxies;

/// <summary>Requests byte by byte, as no browser makes them, through the samples of scripts/proxy.</summary>
[TestFixture("nginx"), TestFixture("haproxy")]
internal sealed class ProxyRawTests(string program)
{
    private const string Json = "Content-Type: application/json";
    private const string Smuggled = "GET /healthz/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

    [Test]
    public async Task The_right_name_in_TLS_and_another_one_in_Host_is_421()
    {
        await using var front = await Front.StartAsync(program);
        Assert.That(await AskAsync(front, "GET /api/session HTTP/1.1", "Host: evil.example"), Does.StartWith("HTTP/1.1 421"));
    }

    /// <summary>Whose length the proxy and QrLogin could read differently: the second request would then pass it unseen.</summary>
    [TestCase("Content-Length: +2")]
    [TestCase("Content-Length: 2\r\nContent-Length: 60")]
    [TestCase("Content-Length: 2, 60")]
    [TestCase("Content-Length: 0x2")]
    [TestCase("Transfer-Encoding: gzip, chunked")]
    [TestCase("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")]
    [TestCase("Transfer-Encoding:\vchunked")]
    public async Task What_could_be_read_in_two_ways_gets_one_answer_and_ends_the_connection(string length)
    {
        await using var front = await Front.StartAsync(program);
        var answer = await AskAsync(
            front, "POST /api/login/identify HTTP/1.1", "Host: localhost", $"{Json}\r\n{length}", $"{{}}{Smuggled}");
        Assert.That(answer, Does.Match("^HTTP/1.1 (400|411|422|501) "));
        Assert.That(answer.Split("HTTP/1.1 "), Has.Length.EqualTo(2), answer);
    }

    /// <summary>Else whoever speaks h2c behind it would hear the next requests from the client itself, and CGI reads _ as -.</summary>
    [Test]
    public async Task No_other_protocol_and_no_other_spelling_goes_through_to_the_site()
    {
        await using var front = await Front.StartAsync(program);
        var answers = await AskAsync(
            front, "GET /elsewhere HTTP/1.1", "Host: localhost",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
                + "X_Forwarded_For: 203.0.113.9\r\nX_Real_IP: 203.0.113.9",
            "GET /elsewhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.That(Regex.Count(answers, $"{Site.Mark}: here", RegexOptions.IgnoreCase), Is.EqualTo(2), answers);
        Assert.That(answers, Does.Not.Contain("h2c").IgnoreCase.And.Not.Contain("http2-settings").IgnoreCase);
        Assert.That(answers, Does.Not.Contain("203.0.113.9"));
    }

    /// <returns>All that is answered until the connection ends.</returns>
    private static async Task<string> AskAsync(
        Front front, string start, string host, string headers = "Connection: close", string body = "")
    {
        using var tcp = new TcpClient("127.0.0.1", front.Address.Port);
        await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, Calls.Trusted(front));
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"{start}\r\n{host}\r\n{headers}\r\n\r\n{body}"), Page.Patience());
        using var reader = new StreamReader(tls, Encoding.Latin1);
        return await reader.ReadToEndAsync(Page.Patience());
    }
}
