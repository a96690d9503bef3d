using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using QrLogin.Server.Http;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>SECURITY.md's default limits, T3, T7 and T13: what is refused too often is refused unseen, by address and by account.</summary>
internal sealed class LimitTests
{
    /// <summary>With the limits as they are shipped.</summary>
    private static TestServer Strict() => new(World.Database, new()
    {
        ["Limits:IdentifyMissesPerMinute"] = $"{new LimitOptions().IdentifyMissesPerMinute}",
        ["Limits:RedeemFailuresPerMinute"] = $"{new LimitOptions().RedeemFailuresPerMinute}",
    });

    [Test]
    public async Task The_sixty_first_identify_of_an_address_that_finds_nobody_is_too_many_and_other_addresses_go_on()
    {
        await using var server = Strict();
        using var prober = new Phone(server).At(server, "127.0.0.2");
        for (var i = 0; i < 60; i++)
        {
            Assert.That((await prober.IdentifyAsync()).Code, Is.EqualTo("no_live_connection"));
        }

        IsTooMany(await prober.IdentifyAsync(), 60);
        using var neighbour = new Phone(server).At(server, "127.0.0.3");
        Assert.That((await neighbour.IdentifyAsync()).Code, Is.EqualTo("no_live_connection"));
    }

    [Test]
    public async Task The_sixty_first_refused_ticket_of_an_address_is_too_many_whoever_sends_it()
    {
        await using var server = Strict();
        using var guesser = new Phone(server).At(server, "127.0.0.2");
        for (var i = 0; i < 60; i++)
        {
            Assert.That((await guesser.RedeemAsync("AAAAAAAAAAAAAAAAAAAAAA")).Code, Is.EqualTo("invalid_ticket"));
        }

        IsTooMany(await guesser.RedeemAsync("AAAAAAAAAAAAAAAAAAAAAA"), 60);
        guesser.AttemptId = Guid.NewGuid().ToString();
        for (var i = 0; i < 60; i++)
        {
            Assert.That((await guesser.StatusAsync()).Code, Is.EqualTo("not_found"));
        }

        IsTooMany(await guesser.StatusAsync(), 60);
    }

    [Test]
    public async Task What_goes_well_is_not_counted()
    {
        await using var server = Strict();
        using var phone = new Phone(server).At(server, "127.0.0.2");
        var alice = await World.Admin.HasAccountAsync(phone);
        using var browser = await Browser.AtAsync(server, alice);
        for (var i = 0; i < 100; i++)
        {
            Assert.That((await phone.IdentifyAsync()).Status, Is.EqualTo(202), "again, with the same challenge");
            Assert.That((await phone.StatusAsync()).Status, Is.EqualTo(200));
        }
    }

    [Test]
    public async Task The_sixth_wrong_password_from_an_address_is_too_many_and_the_right_one_then_too()
    {
        var alice = await World.Admin.HasAccountAsync();
        using var guesser = new Browser(World.Server, "127.0.0.2");
        for (var i = 0; i < 5; i++)
        {
            Assert.That((await guesser.SignInAsync(alice, "wrong")).Code, Is.EqualTo("invalid_credentials"));
        }

        IsTooMany(await guesser.SignInAsync(alice, "wrong"), 60);
        IsTooMany(await guesser.SignInAsync(alice with { Username = alice.Username.ToUpperInvariant() }), 60);
        using var home = new Browser(World.Server, "127.0.0.3");
        Assert.That((await home.SignInAsync(alice)).Status, Is.EqualTo(200), "from elsewhere");

        await World.Admin.ExecuteAsync(
            "update sign_in_try set at = at - interval '61 s' where username = @Username", new { alice.Username });
        Assert.That((await guesser.SignInAsync(alice)).Status, Is.EqualTo(200), "a minute later");
    }

    [Test]
    public async Task The_right_password_is_not_counted()
    {
        var alice = await World.Admin.HasAccountAsync();
        using var browser = new Browser(World.Server);
        for (var i = 0; i < 12; i++)
        {
            Assert.That((await browser.SignInAsync(alice)).Status, Is.EqualTo(200));
        }
    }

    [Test]
    public async Task Guesses_that_come_at_once_are_counted_one_by_one()
    {
        var alice = await World.Admin.HasAccountAsync();
        using var guesser = new Browser(World.Server);
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => guesser.SignInAsync(alice, "wrong")));
        Assert.That(answers.Count(each => each.Status == 401), Is.LessThanOrEqualTo(5));
        Assert.That(answers.Select(each => each.Status), Is.All.EqualTo(401).Or.EqualTo(429));
    }

    [Test]
    public async Task A_hundred_wrong_passwords_from_anywhere_are_all_that_an_account_hears_in_a_minute_and_one_of_nobody_too()
    {
        var alice = await World.Admin.HasAccountAsync();
        var nobody = alice with { Username = $"nobody.{Guid.NewGuid():N}" };
        foreach (var account in new[] { alice, nobody })
        {
            await World.Admin.ExecuteAsync(
                """
                insert into sign_in_try (id, username, network)
                select gen_random_uuid(), @Username, ('10.9.8.' || i)::inet from generate_series(1, 100) as i
                """, new { account.Username });
            using var browser = new Browser(World.Server);
            IsTooMany(await browser.SignInAsync(account), 60);
        }
    }

    [Test]
    public async Task More_identifies_at_a_time_than_are_worked_on_are_told_to_come_again()
    {
        await using var server = new TestServer(World.Database, new() { ["Limits:IdentifiesAtATime"] = "1" });
        using var phone = new Phone(server);
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => phone.IdentifyAsync()));
        Assert.That(answers.Select(each => each.Status).Distinct(), Is.EquivalentTo(new[] { 404, 429 }));
        var limited = answers.First(each => each.Status == 429);
        Assert.That((limited.Code, limited.Header("Retry-After")), Is.EqualTo(("too_many_requests", "1")));
    }

    [TestCase("Limits:AttemptsPerMinute", "0", "from 1 to 10000")]
    [TestCase("Limits:AttemptsPerMinute", "many", "from 1 to 10000")]
    [TestCase("Limits:PasswordsAtATime", "-1", "from 1 to 64")]
    [TestCase("Limits:AttemptsPerMinuet", "3", "there is no such key; there are AttemptsPerMinute, AttemptsPerHour")]
    public void A_limit_that_is_none_refuses_to_start_and_is_named(string key, string value, string fault)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(key, (string?)value)]).Build();
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration).AddNumbers<LimitOptions>(LimitOptions.Section).BuildServiceProvider();
        var refusal = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());
        Assert.That(refusal!.Message, Does.Contain(key).And.Contain(key.Replace(":", "__", StringComparison.Ordinal)).And.Contain(fault));
    }

    private static void IsTooMany(Answer answer, int within)
    {
        Assert.That((answer.Status, answer.Code), Is.EqualTo((429, "too_many_requests")), answer.Text);
        Assert.That(int.Parse(answer.Header("Retry-After")!, null), Is.InRange(1, within));
    }
}
