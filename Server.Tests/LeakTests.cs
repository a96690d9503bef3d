using System.Buffers.Text;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>
/// SECURITY.md T11: after all other tests, what they kept secret is looked for wherever it does not belong. Fixtures that run alone come
/// last, in the order of their names; the ledger refuses whoever comes later.
/// </summary>
[NonParallelizable]
internal sealed partial class LeakTests
{
    private static readonly Needles Secrets = new();
    private static readonly Needles SecretsInDatabase = new();

    /// <summary>Where it runs by itself, the hunt has this to look for; and everything is in use at once.</summary>
    [OneTimeSetUp]
    public static async Task Everything_secret_is_used_once_more()
    {
        using var scene = await Scene.ReadyAsync(("app", Phone.NewInstallId()), ("phone", Phone.NewNumber()));
        var qr = await scene.CodeAsync();
        var typed = qr["typedCode"]!.ToString();
        Assert.That((await scene.AnotherPhone().ScanAsync(qr)).Status, Is.EqualTo(400));
        Assert.That((await scene.Phone.RedeemTypedAsync($"{typed}?")).Status, Is.EqualTo(400));
        Assert.That((await scene.Phone.RedeemTypedAsync($"{typed[1..]}{(typed[0] == '0' ? '1' : '0')}")).Status, Is.EqualTo(400));
        Assert.That((await scene.Phone.TypeAsync(qr)).Status, Is.EqualTo(200));
        Assert.That((await scene.Phone.StatusAsync()).Status, Is.EqualTo(410));
        Assert.That((await scene.Phone.WhoAmIAsync()).Status, Is.EqualTo(200));
        Assert.That((await scene.Browser.SignInAsync(scene.Account, "not her password")).Status, Is.EqualTo(401));
        Ledger.Close();

        foreach (var (kind, text) in Ledger.Secrets)
        {
            string[] spellings = kind switch
            {
                SecretKind.TypedCode => [text.ToUpperInvariant(), text.ToLowerInvariant(), text.Replace("-", "")],
                SecretKind.Identifier => [text, text.TrimStart('+'), text.Replace(":", "")],
                _ => [text],
            };
            foreach (var each in spellings.Distinct())
            {
                Secrets.Add($"{kind}", each);
                if (kind != SecretKind.Identifier)
                {
                    SecretsInDatabase.Add($"{kind}", each);
                }
            }
        }

        await TestContext.Progress.WriteLineAsync($"The hunt: {Secrets.Count} secrets, {Ledger.Words.Count} answers and messages");
    }

    [Test]
    public void No_secret_is_in_a_log_of_a_server_at_debug_level()
    {
        var hasDebug = false;
        var found = Secrets.In(ServerLog.Lines().Select(line =>
        {
            hasDebug |= line.Contains("insert into login_ticket", StringComparison.Ordinal);
            return line;
        }));
        Assert.That(found, Is.Empty);
        Assert.That(hasDebug, "it has every statement");
    }

    [Test]
    public async Task No_secret_is_in_the_log_of_PostgreSQL_with_every_statement_and_its_parameters()
    {
        if (!World.Postgres.HasOwnLog)
        {
            Assert.Ignore("The log of $QRLOGIN_TEST_DB is not ours.");
        }

        var hasParameters = false;
        var found = SecretsInDatabase.In(NotWrittenByPeople(await World.Postgres.LogAsync()).Select(line =>
        {
            hasParameters |= line.Contains("DETAIL:  parameters: $1 = ", StringComparison.Ordinal);
            return line;
        }));
        Assert.That(found, Is.Empty);
        Assert.That(hasParameters, "it has every parameter");
    }

    /// <summary>No secret, but seen best where all other tests have run.</summary>
    [Test]
    public async Task No_two_transactions_of_any_test_have_met_in_a_deadlock()
    {
        if (!World.Postgres.HasOwnLog)
        {
            Assert.Ignore("The log of $QRLOGIN_TEST_DB is not ours.");
        }

        Assert.That(await World.Postgres.LogAsync(), Has.None.Contains("deadlock detected"));
    }

    [TestCase("select admin.set_password('{0}', '{1}')")]
    [TestCase("select admin.create_account('not {0}', '{1}')")]
    public async Task Not_even_the_password_that_an_administrator_types_into_a_statement_that_fails_is_in_PostgreSQLs_log(string sql)
    {
        if (!World.Postgres.HasOwnLog)
        {
            Assert.Ignore("The log of $QRLOGIN_TEST_DB is not ours.");
        }

        var (nobody, password) = ($"nobody.{Guid.NewGuid():N}", $"{Guid.NewGuid():N}");
        var asUsual = "set log_statement = none; set log_parameter_max_length_on_error = 0; ";
        await Assert.ThrowsAsync<PostgresException>(() => World.Admin.ExecuteAsync(asUsual + string.Format(null, sql, nobody, password)));

        var log = (await World.Postgres.LogAsync()).Where(line => line.Contains(nobody) || line.Contains(password)).ToList();
        Assert.That(log, Has.Some.Contains(nobody), "the error is");
        Assert.That(log, Has.None.Contains(password));
    }

    [Test]
    public async Task No_secret_is_in_a_dump_of_the_database()
    {
        var file = Path.GetTempFileName();
        try
        {
            var database = new NpgsqlConnectionStringBuilder(World.Database);
            await Tool.RunAsync(
                "pg_dump", ["-h", database.Host!, "-p", $"{database.Port}", "-U", database.Username!, "-f", file, database.Database!],
                Path.GetTempPath(), new() { ["PGPASSWORD"] = database.Password ?? "" });
            Assert.That(SecretsInDatabase.In(File.ReadLines(file)), Is.Empty);
            Assert.That(File.ReadAllText(file), Does.Contain("COPY public.login_ticket").And.Contain("COPY public.sign_in_try"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public void No_answer_and_no_message_has_a_secret_but_the_one_that_it_is_there_to_tell()
    {
        Assert.That(Ledger.Words.Select(each => each.From), Has.Member("socket qr").And.Member("POST /api/login/redeem 200"));
        Assert.That(
            Secrets.In(Ledger.Words.Select(each => $"{each.From}: {WithoutWhatItTells(each).ReplaceLineEndings(" ")}")), Is.Empty);
    }

    [Test]
    public void Whatever_form_it_takes_it_is_found()
    {
        const string token = "q-7_Jx2vR-tY_8mK-4pL_c9-Wz3_f-hN6_s-uB1_dE0";
        var bytes = Base64Url.DecodeFromChars(token);
        var needles = new Needles();
        needles.Add("token", token);
        needles.Add("password", "pässword & more");
        string[] hiding =
        [
            token, token[..22], token[21..], Convert.ToHexString(bytes), Convert.ToHexStringLower(bytes)[..32],
            Convert.ToBase64String(bytes), Convert.ToBase64String(Encoding.ASCII.GetBytes(token)),
            "pässword & more", "p%C3%A4ssword%20%26%20more", @"p\u00E4ssword \u0026 more",
        ];
        Assert.That(hiding.Where(each => needles.In([$"x {each} y"]).Count != 1), Is.Empty);
        Assert.That(needles.In([$"x {Phone.NewInstallId()} {token[..20]} password"]), Is.Empty);
    }

    /// <summary>A token or cookie is told to its owner once, a hand-off to the site's backend; a typed code to its pages.</summary>
    private static string WithoutWhatItTells(Heard heard) => heard.From switch
    {
        "POST /api/login/redeem 200" => AccessToken().Replace(heard.Words, "", 1),
        "POST /api/session 200" or "POST /api/session/handoff 200" or "GET /api/session/oidc/callback 302"
            => SetCookie().Replace(heard.Words, "", 1),
        "POST /api/backend/sessions 200" => HandoffCode().Replace(heard.Words, "", 1),
        "POST /api/session/oidc 200" => State().Replace(heard.Words, "", 1),
        "socket qr" or "socket welcome" => TypedCode().Replace(heard.Words, "", 1),
        _ => heard.Words,
    };

    /// <summary>Who types a password into psql has written it into a log of every statement; the server may not.</summary>
    private static IEnumerable<string> NotWrittenByPeople(IEnumerable<string> lines)
    {
        string[] people = [$"{Admin.Application}{TestDatabase.LogSeparator}", $"psql{TestDatabase.LogSeparator}"];
        var isPeople = false;
        foreach (var line in lines)
        {
            isPeople = line.StartsWith('\t') ? isPeople : Array.Exists(people, line.StartsWith);
            if (!isPeople)
            {
                yield return line;
            }
        }
    }

    [GeneratedRegex("(?<=\"accessToken\":\")[^\"]+")]
    private static partial Regex AccessToken();

    [GeneratedRegex("(?<=\"code\":\")[^\"]+")]
    private static partial Regex HandoffCode();

    [GeneratedRegex(@"(?<=state=)[\w-]+")]
    private static partial Regex State();

    [GeneratedRegex("(?<=(Set-Cookie: |, )(__Host-)?qrlogin=)[^;]+")]
    private static partial Regex SetCookie();

    [GeneratedRegex("(?<=\"typedCode\":\")[^\"]+")]
    private static partial Regex TypedCode();
}
