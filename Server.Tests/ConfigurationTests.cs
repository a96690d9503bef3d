using QrLogin.Server.Http;
using QrLogin.Server.Storage;

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
            (parsed.Host, parsed.Port, parsed.Username, parsed.Password, parsed.Database), Is.EqualTo((host, port, user, password, database)));
    }

    [TestCase("postgresql://al ice:sec ret@:x/y")]
    [TestCase("Password=sec ret;Nonsense=1")]
    public void A_connection_string_that_cannot_be_read_is_not_repeated(string text)
    {
        var error = Assert.Throws<FormatException>(() => ConnectionString.Parse(text));
        Assert.That(error!.ToString(), Does.Not.Contain("sec ret"));
    }
}
