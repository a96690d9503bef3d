using System.Text;
using System.Text.RegularExpressions;
using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Http;

/// <summary>T15: whatever others say of themselves, a line of the log is one line, and no terminal is told to do anything.</summary>
[NonParallelizable]
internal sealed partial class HostileTextTests
{
    private const string Forgery = "12:00:00 ERR the server is on fire";
    private const string Evil = $"a\r\n{Forgery}\u001b[31m\u009b2J\u0007\u0000\u202egnol\u2066\u2028\u0085\uFEFF<script>alert(1)</script>";

    /// <summary>The same as it may stand in a header: bytes of UTF-8, without CR, LF and NUL.</summary>
    private static readonly string Header = Evil.Replace("\r\n", " ").Replace("\0", "");

    /// <summary>The same in a path or a query.</summary>
    private static readonly string Escaped = Uri.EscapeDataString(Evil.Replace("\0", ""));

    [TestCase("Information")]
    [TestCase("Debug")]
    public async Task What_others_say_is_no_line_of_the_log_and_no_control_character_in_it(string level)
    {
        var log = await ConsoleLog.OfAsync(level, async server =>
        {
            using var phone = new Phone(server) { Device = new { name = Evil, platform = Evil } };
            using var browser = await Browser.AtAsync(server, await AccountCalledAsync(Header, phone));
            Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
            Assert.That((await phone.ScanAsync(await browser.Page.HearsAsync("qr"))).Status, Is.EqualTo(200));
            Assert.That((await browser.SignInAsync(new Account(Evil, ""))).Status, Is.EqualTo(400));

            foreach (var request in new[]
            {
                $"GET /{Escaped} HTTP/1.1", $"GET /api/session?{Escaped} HTTP/1.1", $"POST /api/login/{Escaped}/qr HTTP/1.1",
                $"DELETE /api/sessions/{Escaped}?admitted={Escaped} HTTP/1.1", $"GET /connect?{Escaped} HTTP/1.1",
                "GET /healthz/live HTTP/1.1", "BREW /api/session HTTP/1.1", "POST /api/login/redeem HTTP/1.1",
            })
            {
                using var attacker = new Attacker(server);
                await attacker.SendAsync(Encoding.UTF8.GetBytes(
                    $"{request}\r\nHost: x\r\nUser-Agent: {Header}\r\nX-Forwarded-For: {Header}\r\nX-Forwarded-Proto: {Header}\r\n"
                    + $"Origin: {Header}\r\nReferer: {Header}\r\nAuthorization: Bearer {Header}\r\nCookie: qrlogin={Header}\r\n"
                    + $"Content-Type: application/json;{Header}\r\nAccept: {Header}\r\nContent-Length: 2\r\n\r\n{{}}"));
                var answer = await attacker.NextAsync();
                Assert.That(answer?.Status, Is.InRange(200, 499), $"{request} {attacker.Heard}");
            }
        }, new() { ["TrustedProxies:0"] = "127.0.0.1" });

        var lines = log.TrimEnd('\n').Split('\n');
        Assert.That(lines, Has.Length.GreaterThan(10));
        Assert.That(lines, Has.None.Match("^12:00:00 ERR"));
        Assert.That(lines.Select(line => line.TrimEnd('\r')), Has.None.Match(Harmful().ToString()));
        if (level == "Information")
        {
            Assert.That(lines, Is.All.Match(@"^\d\d:\d\d:\d\d INF \S.*$"), "one line for each event");
            Assert.That(log, Does.Not.Contain("fire").And.Not.Contain("script"));
        }
    }

    [Test]
    public async Task What_others_say_is_text_in_json_and_on_the_socket()
    {
        using var phone = new Phone(World.Server) { Device = new { name = Evil, platform = new string('\u202e', 50) } };
        var account = await AccountCalledAsync(Header, phone);
        using var browser = await Browser.AtAsync(World.Server, account);
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        var code = await browser.Page.HearsAsync("qr");
        var redeemed = await phone.ScanAsync(code);
        var ended = await browser.Page.HearsAsync("ended");
        var listed = await browser.CallAsync(HttpMethod.Get, "/api/sessions");

        const string Clean = $"a{Forgery}[31m2Jgnol<script>alert(1)</s";
        foreach (var device in new[] { code["device"]!, ended["session"]!["device"]!, listed["sessions"][0]!["device"]! })
        {
            Assert.That((string)device["name"]!, Is.EqualTo(Clean));
            Assert.That(device["platform"], Is.Null);
        }

        foreach (var answer in new[] { redeemed, listed, await browser.WhoAmIAsync() })
        {
            Assert.That(answer.Text, Does.Not.Match(@"[\x00-\x1f\x7f-\x9f\u2028\u2029]"), "escaped");
            Assert.That(answer.Header("Content-Type"), Is.EqualTo("application/json; charset=utf-8"), "no browser takes it for HTML");
            Assert.That(answer.Header("X-Content-Type-Options"), Is.EqualTo("nosniff"));
        }

        Assert.That((string)browser.Page.Welcome["account"]!["displayName"]!, Is.EqualTo(account.DisplayName));
    }

    [Test]
    public async Task An_administrator_sees_one_line_for_each_session_and_attempt_in_psql()
    {
        using var phone = new Phone(World.Server) { Device = new { name = Evil, platform = Evil } };
        var account = await World.Admin.HasAccountAsync(phone);
        using var browser = await Browser.AtAsync(World.Server, account);
        Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202));
        Assert.That((await phone.ScanAsync(await browser.Page.HearsAsync("qr"))).Status, Is.EqualTo(200));

        foreach (var (view, rows) in new[] { ("sessions", 2), ("attempts", 1) })
        {
            var shown = await Tool.RunAsync(
                "psql", ["-X", Url(), "-c", $"select * from admin.{view} where username = '{account.Username}'"], TestDatabase.Root,
                new() { ["PGCLIENTENCODING"] = "UTF8", ["PSQL_PAGER"] = "cat" });
            var lines = shown.Trim('\n').Split('\n');
            Assert.That(lines, Has.Length.EqualTo(rows + 3), shown);
            Assert.That(shown, Does.Contain("script").And.Not.Match(@"\\x|\\r|\+\s*$"), "psql had nothing to escape");
            Assert.That(lines, Has.None.Match(Harmful().ToString()));
        }
    }

    private static string Url()
    {
        var database = new NpgsqlConnectionStringBuilder(World.Database);
        return $"postgresql://{database.Username}:{Uri.EscapeDataString(database.Password ?? "")}"
            + $"@{database.Host}:{database.Port}/{database.Database}";
    }

    private static async Task<Account> AccountCalledAsync(string displayName, Phone phone)
    {
        var account = await World.Admin.HasAccountAsync(phone) with { DisplayName = displayName };
        await World.Admin.ExecuteAsync("update account set display_name = @DisplayName where username = @Username",
            new { account.DisplayName, account.Username });
        return account;
    }

    /// <summary>What a terminal or a reader's eye would obey: control characters, bidi controls, line and paragraph separators.</summary>
    [GeneratedRegex(@"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")]
    private static partial Regex Harmful();
}
