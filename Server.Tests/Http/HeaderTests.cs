using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;
using QrLogin.Server.Tests.Oidc;

namespace QrLogin.Server.Tests.Http;

/// <summary>T18: what every answer tells a browser, whatever the route, the method and the outcome.</summary>
internal sealed class HeaderTests
{
    private const string SecureOrigin = "https://login.example.com";

    private static readonly string[] Pages = ["/", "/phone", "/q"];

    [TestCase("http://localhost:8080")]
    [TestCase(SecureOrigin)]
    public async Task Every_route_answers_every_method_with_the_headers(string origin)
    {
        await using var server = await ServerAtAsync(origin);
        using var stranger = new Browser(server);
        using var browser = new Browser(server);
        var account = await World.Admin.HasAccountAsync();
        foreach (var route in Routes.Of(server))
        {
            foreach (var method in Route.AllMethods)
            {
                AssertHeaders(await stranger.CallAsync(new HttpMethod(method), route.Path, origin: origin), route.Path, origin);
                await SignInAsync(browser, account, origin);
                AssertHeaders(await browser.CallAsync(new HttpMethod(method), route.Path, origin: origin), route.Path, origin);
            }
        }
    }

    [Test]
    public async Task Every_file_has_the_headers_also_where_it_has_not_changed()
    {
        using var browser = new Browser(World.Server);
        using var http = new HttpClient { BaseAddress = World.Server.Address };
        var root = World.Server.Services.GetRequiredService<IWebHostEnvironment>().WebRootPath;
        var files = Directory.GetFiles(root, "*", SearchOption.AllDirectories);
        Assert.That(files, Has.Length.GreaterThan(30));
        foreach (var path in files.Select(file => $"/{Path.GetRelativePath(root, file)}").Concat(Pages))
        {
            var first = await browser.CallAsync(HttpMethod.Get, path);
            var second = await http.CallAsync(HttpMethod.Get, path, null, ("If-None-Match", first.Header("ETag")!));
            Assert.That((first.Status, second.Status), Is.EqualTo((200, 304)), path);
            foreach (var answer in new[] { first, second })
            {
                AssertHeaders(answer, path, TestServer.Origin, isFile: true);
                Assert.That(answer.Header("Cache-Control"), Is.EqualTo("no-cache"), path);
                Assert.That(answer.Header("ETag"), Is.Not.Empty, path);
            }
        }
    }

    [Test]
    public async Task The_errors_have_the_headers()
    {
        await using var withoutTables = new TestServer(
            new NpgsqlConnectionStringBuilder(World.Database) { Database = "postgres" }.ConnectionString, Silent());
        await using var withoutDatabase = new TestServer("Host=127.0.0.1;Port=1;Username=nobody;Database=nothing", Silent());
        const string redeem = "/api/login/redeem";
        foreach (var (server, method, path, body, status) in new (TestServer, string, string, HttpContent?, int)[]
        {
            (World.Server, "GET", "/nothing/here.js", null, 404), (World.Server, "PUT", "/", null, 405),
            (World.Server, "POST", redeem, new StringContent("{"), 415), (World.Server, "POST", redeem, Json("{"), 400),
            (World.Server, "POST", redeem, Json(new string(' ', 8193)), 413), (World.Server, "GET", "/connect", null, 426),
            (withoutTables, "GET", "/api/session", null, 500), (withoutTables, "POST", "/api/session", Json(SignIn), 500),
            (withoutDatabase, "GET", "/api/session", null, 503), (withoutDatabase, "GET", "/healthz/ready", null, 503),
        })
        {
            using var browser = new Browser(server) { Cookie = $"qrlogin={Phone.NewInstallId()}" };
            var answer = await browser.CallAsync(new HttpMethod(method), path, body);
            Assert.That(answer.Status, Is.EqualTo(status), answer.Text);
            Assert.That(answer.Code, Is.Not.Null);
            AssertHeaders(answer, path, TestServer.Origin, isFile: false);
        }
    }

    [Test]
    public async Task The_handshake_of_the_socket_has_the_headers()
    {
        using var browser = new Browser(World.Server);
        await browser.SignInAsync(await World.Admin.HasAccountAsync());
        using var socket = new ClientWebSocket { Options = { CollectHttpResponseDetails = true } };
        socket.Options.AddSubProtocol("qrlogin.v1");
        socket.Options.SetRequestHeader("Origin", TestServer.Origin);
        socket.Options.SetRequestHeader("Cookie", browser.Cookie);
        await socket.ConnectAsync(new UriBuilder(World.Server.Address) { Scheme = "ws", Path = "/connect" }.Uri, Page.Patience());

        using var response = new HttpResponseMessage(socket.HttpStatusCode);
        foreach (var (name, values) in socket.HttpResponseHeaders!)
        {
            response.Headers.TryAddWithoutValidation(name, values);
        }

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.SwitchingProtocols));
        AssertHeaders(new Answer(101, "", response), "/connect", TestServer.Origin);
    }

    [TestCase("http://localhost:8080", "qrlogin", "; path=/; samesite=strict; httponly")]
    [TestCase(SecureOrigin, "__Host-qrlogin", "; path=/; secure; samesite=strict; httponly")]
    public async Task Each_answer_that_sets_or_clears_the_cookie_has_its_flags(string origin, string name, string flags)
    {
        await using var server = await ServerAtAsync(origin);
        using var browser = new Browser(server);
        var account = await World.Admin.HasAccountAsync();

        var signedIn = await SignInAsync(browser, account, origin);
        Assert.That(signedIn.Header("Set-Cookie"), Does.Match($"^{name}=[A-Za-z0-9_-]{{43}}{flags}$"));
        var id = signedIn["session"]["id"]!.ToString();
        var ended = await browser.CallAsync(HttpMethod.Delete, $"/api/sessions/{id}", origin: origin);
        await SignInAsync(browser, account, origin);
        var signedOut = await browser.CallAsync(HttpMethod.Delete, "/api/session", origin: origin);
        foreach (var cleared in new[] { ended, signedOut })
        {
            Assert.That(cleared.Header("Set-Cookie"), Is.EqualTo($"{name}=; expires=Thu, 01 Jan 1970 00:00:00 GMT{flags}"));
        }
    }

    private static object SignIn => """{"username":"nobody","password":"x"}""";

    private static StringContent Json(object text) => new($"{text}", null, "application/json");

    private static Dictionary<string, string> Silent() => new() { ["Serilog:MinimumLevel:Default"] = "Fatal" };

    /// <summary>One with every call that there may be.</summary>
    private static async Task<TestServer> ServerAtAsync(string origin) => new(
        World.Database, new(await OidcStage.Provider.RegisterAsync(origin, OidcStage.Name))
        {
            ["PublicOrigin"] = origin,
            ["Apps:Apple:0"] = "ABCDE12345.com.example.app",
        });

    private static async Task<Answer> SignInAsync(Browser browser, Account account, string origin)
    {
        browser.Cookie = null;
        var answer = await browser.CallAsync(
            HttpMethod.Post, "/api/session", new { username = account.Username, password = Account.Password }, origin);
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        browser.Cookie = answer.Header("Set-Cookie")!.Split(';')[0];
        return answer;
    }

    private static bool IsDocument(string path) => path is "/openapi/v1.json" or "/asyncapi/v1.json";

    private static void AssertHeaders(Answer answer, string path, string origin, bool? isFile = null)
    {
        var what = $"{answer.Response.RequestMessage?.Method} {path}: {answer.Status}";
        var isPage = (Pages.Contains(path) || path.EndsWith(".html", StringComparison.Ordinal)) && answer.Status is 200 or 304;
        var isPhone = isPage && path is "/phone" or "/q" or "/phone.html";
        Assert.Multiple(() =>
        {
            Assert.That(answer.Status, isFile is null ? Is.LessThan(500) : Is.GreaterThan(0), what);
            Assert.That(answer.Header("X-Content-Type-Options"), Is.EqualTo("nosniff"), what);
            Assert.That(answer.Header("Referrer-Policy"), Is.EqualTo("no-referrer"), what);
            Assert.That(answer.Header("Cross-Origin-Opener-Policy"), Is.EqualTo("same-origin"), what);
            Assert.That(answer.Header("Cross-Origin-Resource-Policy"), Is.EqualTo("same-origin"), what);
            Assert.That(answer.Header("Permissions-Policy"), Does.StartWith($"camera=({(isPhone ? "self" : "")}),"), what);
            Assert.That(answer.Header("Content-Security-Policy"), isPage
                ? Does.StartWith("default-src 'none'; script-src 'self'").And.Contain("; frame-ancestors 'none'").And.Not.Contain("inline")
                : Is.EqualTo("default-src 'none'; frame-ancestors 'none'"), what);
            Assert.That(answer.Header("Strict-Transport-Security"), Is.EqualTo(origin == SecureOrigin ? "max-age=31536000" : null), what);
            Assert.That(answer.Header("Server") ?? answer.Header("X-Powered-By"), Is.Null, what);
            Assert.That(answer.Header("Cache-Control"),
                isPage || isFile == true || (IsDocument(path) && answer.Status == 200) ? Is.EqualTo("no-cache")
                : path.StartsWith("/.well-known/", StringComparison.Ordinal) && answer.Status == 200 ? Is.EqualTo("public, max-age=3600")
                : Is.EqualTo("no-store"), what);
        });
    }
}
