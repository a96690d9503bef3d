using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Storage;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>A wrong configuration refuses to start, and says which key and variable.</summary>
internal sealed class ConfigurationTests
{
    [TestCase("https://login.example.com", null)]
    [TestCase("https://login.example.com:8443", null)]
    [TestCase("http://localhost:8080", null)]
    [TestCase("http://login.example.com", "not encrypted")]
    [TestCase("http://127.0.0.1:8080", "not encrypted")]
    [TestCase("http://localhost.example.com", "not encrypted")]
    [TestCase("https://login.example.com/", "not an origin")]
    [TestCase("https://login.example.com/app", "not an origin")]
    [TestCase("https://Login.Example.com", "not an origin")]
    [TestCase("ws://localhost", "not an origin")]
    [TestCase("login.example.com", "not an origin")]
    [TestCase("", "not an origin")]
    public void The_public_origin_is_https_or_localhost_and_nothing_but_an_origin(string origin, string? fault)
    {
        var site = new SiteOptions { PublicOrigin = origin, AllowedOrigins = [origin] };
        var result = site.Validate(null, site);
        Assert.That(result.Succeeded, Is.EqualTo(fault is null), result.FailureMessage);
        if (fault is not null)
        {
            Assert.That(result.FailureMessage, Does.Contain(fault));
            Assert.That(result.FailureMessage, Does.Contain("environment variable PublicOrigin").And.Contain("AllowedOrigins__0"));
        }
    }

    [TestCase("postgresql://ali%40ce:p%2Fw@db.example:6432/login?sslmode=require", "db.example", 6432, "ali@ce", "p/w", "login")]
    [TestCase("postgres://alice@db/login", "db", 5432, "alice", null, "login")]
    [TestCase("Host=db;Username=alice;Password=x;Database=login", "db", 5432, "alice", "x", "login")]
    public void The_database_is_a_url_or_npgsqls_form(string text, string host, int port, string user, string? password, string database)
    {
        var parsed = ConnectionString.Parse(text);
        Assert.That(
            (parsed.Host, parsed.Port, parsed.Username, parsed.Password, parsed.Database),
            Is.EqualTo((host, port, user, password, database)));
    }

    [Test]
    public void Libpqs_options_are_understood_and_unknown_ones_named()
    {
        var parsed = ConnectionString.Parse("postgresql://a:b@db/x?application_name=shop&connect_timeout=5&sslmode=verify-full");
        Assert.That((parsed.ApplicationName, parsed.Timeout, parsed.SslMode), Is.EqualTo(("shop", 5, Npgsql.SslMode.VerifyFull)));
        Assert.That(
            () => ConnectionString.Parse("postgresql://a:b@db/x?nonsense=sec+ret"),
            Throws.TypeOf<FormatException>().With.Message.Contains("nonsense").And.Message.Not.Contains("sec"));
    }

    [TestCase("10.0.0.0/8", true)]
    [TestCase("127.0.0.1", true)]
    [TestCase("fd00::/8", true)]
    [TestCase("proxy.example", false)]
    public void A_trusted_proxy_is_an_address_or_a_network(string proxy, bool isRight)
    {
        var site = new SiteOptions { TrustedProxies = [proxy] };
        Assert.That(site.Validate(null, site).Succeeded, Is.EqualTo(isRight));
    }

    [TestCase("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7")]
    [TestCase("fe80::1%1", "fe80::1", "fe80::/64")]
    [TestCase("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    public void An_address_is_plain_and_counts_by_its_network(string remote, string address, string network)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(remote);
        Assert.That(ClientAddress.Of(context).ToString(), Is.EqualTo(address));
        Assert.That(ClientAddress.Network(ClientAddress.Of(context)), Is.EqualTo(network));
    }

    [TestCase("127.0.0.1", "203.0.113.9")]
    [TestCase("192.0.2.1", "127.0.0.1")]
    public async Task Forwarded_headers_count_only_from_trusted_proxies(string trusted, string seen)
    {
        using var server = new TestServer(World.Database, new() { ["TrustedProxies:0"] = trusted });
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = server.Address };
        var alice = await World.Admin.HasAccountAsync();
        await http.CallAsync(
            HttpMethod.Post, "/api/session", new { username = alice.Username, password = Account.Password },
            ("Origin", TestServer.Origin), ("X-Forwarded-For", "203.0.113.9"));
        Assert.That(
            await World.Admin.QueryAsync<string>("select address from admin.sessions where username = @Username", new { alice.Username }),
            Is.EqualTo(seen));
    }

    [TestCase("many")]
    [TestCase("0")]
    public void The_audit_trails_queue_has_a_length(string length)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { ["ConnectionStrings:QrLogin"] = "Host=db", ["Audit:Queue"] = length }).Build();
        Assert.That(
            () => new ServiceCollection().AddStorage(configuration),
            Throws.TypeOf<OptionsValidationException>().With.Message.Contains("Audit:Queue (environment variable Audit__Queue)"));
    }

    [TestCase("postgresql://al ice:sec ret@:x/y")]
    [TestCase("Password=sec ret;Nonsense=1")]
    public void A_connection_string_that_cannot_be_read_is_not_repeated(string text)
    {
        var error = Assert.Throws<FormatException>(() => ConnectionString.Parse(text));
        Assert.That(error!.ToString(), Does.Not.Contain("sec ret"));
    }
}
