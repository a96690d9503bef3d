using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests;

/// <summary>What an administrator does and sees in psql.</summary>
internal sealed class AdminTests
{
    private static Admin Admin => World.Admin;

    [Test]
    public async Task Psql_alone_makes_an_account_binds_a_phone_and_shows_the_sign_in()
    {
        using var phone = new Phone(World.Server);
        var bob = new Account($"bob.{Guid.NewGuid():N}", "Bob");
        var ofBob = new { bob.Username };
        var number = phone.Identifiers[0].Value;
        await Admin.QueryAsync<Guid>("select admin.create_account(@Username, 'pässword', 'Bob')", ofBob);
        await Admin.QueryAsync<string>(
            "select admin.bind(@username, 'phone', @number, 'Pixel 10')", new { username = bob.Username.ToUpperInvariant(), number });

        using var browser = new Browser(World.Server);
        Assert.That(
            (await browser.SignInAsync(bob, "pa\u0308ssword")).Status, Is.EqualTo(200), "the same password in another Unicode form");
        var page = await browser.OpenPageAsync();
        await phone.IdentifyAsync();
        await phone.ScanAsync(await page.HearsAsync("qr"));

        Assert.That(
            await Admin.QueryAsync<(string, string, string)>(
                "select state, device, identifiers[1] from admin.attempts where username = @Username", ofBob),
            Is.EqualTo(("redeemed", "Pixel 10", $"phone:{number}")));
        Assert.That(
            await Admin.QueryAsync<string>(
                "select string_agg(kind || ' ' || state, ', ' order by kind) from admin.sessions where username = @Username", ofBob),
            Is.EqualTo("mobile alive, web alive"));
        Assert.That(
            await Admin.QueryAsync<(string, string)>("select kind, label from admin.bindings where username = @Username", ofBob),
            Is.EqualTo(("phone", "Pixel 10")));
        Assert.That(
            await Admin.QueryAsync<(long, long)>("select bindings, live_sessions from admin.accounts where username = @Username", ofBob),
            Is.EqualTo((1, 2)));
    }

    [Test]
    public async Task A_new_password_replaces_the_old_one()
    {
        var alice = await Admin.HasAccountAsync();
        await Admin.QueryAsync<int>("select admin.set_password(@Username, 'quite another staple')", new { alice.Username });
        using var browser = new Browser(World.Server);
        Assert.That((await browser.SignInAsync(alice)).Status, Is.EqualTo(401));
        Assert.That((await browser.SignInAsync(alice, "quite another staple")).Status, Is.EqualTo(200));
        Assert.That(
            await Admin.QueryAsync<string>(
                "select substr(password_hash, 1, 7) from account where username = @Username", new { alice.Username }),
            Is.EqualTo("$2a$12$"), "bcrypt, cost 12");
    }

    [Test]
    public async Task An_account_that_is_enabled_again_can_sign_in_but_its_sessions_stay_ended()
    {
        using var scene = await Scene.ReadyAsync();
        await Admin.QueryAsync<int>("select admin.disable_account(@Username)", new { scene.Account.Username });
        Assert.That((await scene.Browser.SignInAsync(scene.Account)).Code, Is.EqualTo("invalid_credentials"));
        await Admin.QueryAsync<object>("select admin.enable_account(@Username)::text", new { scene.Account.Username });
        Assert.That((await scene.Browser.WhoAmIAsync()).Status, Is.EqualTo(401));
        Assert.That((await scene.Browser.SignInAsync(scene.Account)).Status, Is.EqualTo(200));
    }

    [TestCase("select admin.set_password('nobody.here', 'x')", "There is no account \"nobody.here\".")]
    [TestCase("select admin.disable_account('nobody.here')", "There is no account \"nobody.here\".")]
    [TestCase("select admin.enable_account('nobody.here')::text", "There is no account \"nobody.here\".")]
    [TestCase("select admin.revoke_sessions('nobody.here')", "There is no account \"nobody.here\".")]
    [TestCase("select admin.create_account('a b', 'x')", "\"a b\" is not a valid user name.")]
    [TestCase("select admin.create_account('zoe.1', '')", "The password is empty.")]
    [TestCase("select admin.create_account('zoe.2', repeat('ü', 37))", "The password has 74 bytes in UTF-8; bcrypt reads only 72.")]
    [TestCase("select admin.bind('nobody.here', 'phone', '+8613800138000')", "There is no account \"nobody.here\".")]
    [TestCase("select admin.unbind('phone', '13800138000')", "\"13800138000\" is not a valid phone.")]
    [TestCase("select admin.unbind('fax', '+8613800138000')", "There is no kind \"fax\".")]
    [TestCase("select admin.unbind('imei', '352099001761481')", "imei 352099001761481 is not bound.")]
    public async Task An_administrators_mistake_is_named_with_a_hint(string sql, string message)
    {
        var error = await Assert.ThrowsAsync<PostgresException>(() => Admin.QueryAsync<object>(sql));
        Assert.That(error!.MessageText, Is.EqualTo(message));
        Assert.That(error.Hint, Is.Not.Empty);
    }

    [Test]
    public async Task An_identifier_that_is_bound_elsewhere_names_that_account()
    {
        using var phone = new Phone(World.Server);
        var alice = await Admin.HasAccountAsync(phone);
        var eve = await Admin.HasAccountAsync();
        var error = await Assert.ThrowsAsync<PostgresException>(() => Admin.BindAsync(eve, phone));
        Assert.That(error!.MessageText, Is.EqualTo($"phone {phone.Identifiers[0].Value} is already bound to \"{alice.Username}\"."));
    }

    [TestCase("'phone', 'garbage!'")]
    [TestCase("'phone', '13800138000'")]
    [TestCase("'imei', '111111111111111'")]
    [TestCase("'fax', '+8613800138000'")]
    public async Task Even_a_plain_insert_binds_no_value_that_is_not_in_its_normal_form(string row)
    {
        var alice = await Admin.HasAccountAsync();
        var error = await Assert.ThrowsAsync<PostgresException>(() => Admin.ExecuteAsync(
            $"insert into binding (kind, value, account_id) select {row}, id from account where username = @Username",
            new { alice.Username }));
        Assert.That(error!.SqlState, Is.EqualTo(PostgresErrorCodes.CheckViolation));
    }

    [Test]
    public async Task A_binding_can_be_restored_as_pg_restore_does_without_a_search_path()
    {
        var alice = await Admin.HasAccountAsync();
        await Admin.ExecuteAsync(
            """
            begin;
            set local search_path = '';
            insert into public.binding (kind, value, account_id)
            select 'imei', '352099001761481', id from public.account where username = @Username;
            rollback
            """, new { alice.Username });
    }

    [TestCase("create table t (i int)")]
    [TestCase("select password_hash from account")]
    [TestCase("update account set display_name = 'x'")]
    [TestCase("insert into binding (kind, value, account_id) select 'phone', '+8613800138000', id from account limit 1")]
    [TestCase("select admin.bind('alice', 'phone', '+8613800138000')")]
    [TestCase("truncate session")]
    [TestCase("select event from audit")]
    [TestCase("select event from admin.audit")]
    [TestCase("update audit set why = null")]
    [TestCase("delete from audit")]
    [TestCase("truncate audit")]
    public async Task The_servers_role_may_not(string sql)
    {
        await using var source = new NpgsqlDataSourceBuilder(TestDatabase.AsServerRole(World.Database)).Build();
        await using var command = source.CreateCommand(sql);
        var error = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
        Assert.That(error!.SqlState, Is.EqualTo(PostgresErrorCodes.InsufficientPrivilege));
    }

    [Test]
    public async Task Every_table_and_column_has_a_comment() =>
        Assert.That(
            await World.Admin.QueryAsync<string?>(
                """
                select string_agg(c.relname || coalesce('.' || a.attname, ''), ', ')
                from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'schemaversions'
                  and (obj_description(c.oid) is null or col_description(c.oid, a.attnum) is null)
                """), Is.Null);
}
