using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.DependencyInjection;
using QrLogin.Server.Accounts;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Oidc;

/// <summary>What goes wrong around a sign-in at the provider. Each test has a server of its own.</summary>
internal sealed class OidcFaultTests
{
    private static readonly (string, string) Quiet = (ServerLog.Level, "Fatal");

    [Test]
    public async Task A_provider_that_is_not_there_is_told_and_tried_again()
    {
        var provider = await Provider.StartAsync();
        await using var server = await OidcStage.ServerAsync(provider, Quiet);
        using var visitor = new Visitor(server);
        var callback = await visitor.GoAsync(await visitor.BeginAsync(), provider.Has(new Person()));
        await provider.DisposeAsync();
        Assert.That(await visitor.ReturnAsync(callback), Is.EqualTo("/#refused=provider_unavailable"));
        Assert.That(visitor.Cookies, Is.Empty);

        await using var later = await OidcStage.ServerAsync(OidcStage.Provider, ("Oidc:Authority", "http://127.0.0.1:9"), Quiet);
        using var early = new Visitor(later);
        var answer = await early.BeginAsync();
        Assert.That(answer.Word(), Is.EqualTo("503 provider_unavailable"));
        Assert.That(answer.Header("Retry-After"), Is.EqualTo("5"));
        Assert.That(early.SetCookies, Is.Empty);
    }

    [Test]
    public async Task Nobody_waits_for_a_frozen_provider_until_others_have()
    {
        using var frozen = new TcpListener(IPAddress.Loopback, 0); // the system accepts, and nobody reads
        frozen.Start();
        await using var server = await OidcStage.ServerAsync(
            OidcStage.Provider, ("Oidc:Authority", $"http://{frozen.LocalEndpoint}"), Quiet);
        using var visitor = new Visitor(server);
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async after =>
        {
            await Task.Delay(TimeSpan.FromSeconds(after)); // whoever waits behind another has his own time
            var clock = Stopwatch.StartNew();
            var answer = await visitor.BeginAsync();
            return (Word: answer.Word(), clock.Elapsed);
        }));
        Assert.That(answers.Select(each => each.Word), Is.All.EqualTo("503 provider_unavailable"));
        Assert.That(answers.Max(each => each.Elapsed), Is.LessThan(1.5 * OidcProvider.Deadline), "in turn it would be up to four times");
    }

    [Test]
    public async Task An_answer_that_comes_late_signs_nobody_in_though_the_browser_has_kept_its_cookies()
    {
        var settings = await OidcStage.Provider.RegisterAsync(TestServer.Origin, OidcStage.Name);
        await using var server = new TestServer(
            World.Database, settings, configure: services => services.PostConfigureAll<OpenIdConnectOptions>(
                options => options.ProtocolValidator.NonceLifetime = TimeSpan.FromTicks(1)));
        using var visitor = new Visitor(server);
        Assert.That(await visitor.SignInAsync(OidcStage.Provider.Has(new Person())), Is.EqualTo("/#refused=sign_in_expired"));
        Assert.That(visitor.Session, Is.Null);
    }

    [Test]
    public async Task While_PostgreSQL_is_away_the_page_says_so()
    {
        var settings = await OidcStage.Provider.RegisterAsync(TestServer.Origin, OidcStage.Name);
        settings[ServerLog.Level] = "Fatal";
        await using var server = new TestServer("Host=127.0.0.1;Port=1;Username=nobody;Database=nothing", settings);
        using var visitor = new Visitor(server);
        Assert.That(await visitor.SignInAsync(OidcStage.Provider.Has(new Person())), Is.EqualTo("/#refused=unavailable"));
    }

    [Test]
    public async Task An_address_whose_answers_sign_nobody_in_is_not_heard_for_the_rest_of_the_minute()
    {
        await using var server = await OidcStage.ServerAsync(
            OidcStage.Provider, ("Limits:OidcFailuresPerMinute", "3"), ("Oidc:Name", "strict"));
        using var visitor = new Visitor(server);
        var wrong = new Uri($"{server.PublicOrigin}/api/session/oidc/callback?code=x&state=y");
        for (var i = 0; i < 3; i++)
        {
            Assert.That(await visitor.ReturnAsync(wrong), Is.EqualTo("/#refused=sign_in_expired"));
        }

        Assert.That(
            await visitor.SignInAsync(OidcStage.Provider.Has(new Person())), Is.EqualTo("/#refused=too_many_requests"));
        await Eventually.IsAsync(
            async () => await World.Admin.QueryAsync<int>(
                "select count(*)::int from admin.audit where detail = 'by strict' and why = 'too_many_requests'") == 1,
            "the trail has it");
    }

    [Test]
    public async Task A_client_of_the_providers_name_shares_no_account_with_it()
    {
        await using var server = await OidcStage.ServerAsync(OidcStage.Provider);
        using var client = await SiteBackend.NewAsync(server);
        await using var namesake = await OidcStage.ServerAsync(OidcStage.Provider, ("Oidc:Name", client.Name));
        using var visitor = new Visitor(namesake);
        var alice = OidcStage.Provider.Has(new Person());
        Assert.That((await client.OpenAsync(alice.Subject)).Status, Is.EqualTo(200));
        Assert.That(await visitor.SignInAsync(alice), Is.EqualTo("/"));
        Assert.That((await client.OfAsync(alice.Subject, HttpMethod.Delete, "/sessions")).Status, Is.EqualTo(204));
        Assert.That((await visitor.WhoAmIAsync())["account"]["username"]!.ToString(), Is.EqualTo($"oidc.{client.Name}/{alice.Subject}"));
        Assert.That(
            () => World.Admin.ExecuteAsync("select admin.create_client(@name, array['sessions'])", new { name = $"oidc.{client.Name}" }),
            Throws.TypeOf<Npgsql.PostgresException>().With.Message.Contain("not a valid name"));
    }
}
