using System.Net.WebSockets;
using Npgsql;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Model;

/// <summary>
/// Who plays: two PCs of one account, and four phones: a number, the same number, an install id with that number, another number; eve, who
/// knows the number and sees the screens, but asked for nothing; and an account that the identifiers may go to.
/// </summary>
internal sealed class Cast(TestServer server, Account account, Account elsewhere, Phone[] phones) : IDisposable
{
    public Account Account => account;

    /// <summary>Nobody is signed in there.</summary>
    public Account Elsewhere => elsewhere;

    public Phone[] Phones => phones;

    public Browser[] Pcs { get; } = [new(server), new(server)];

    public Phone Eve { get; } = new(server, phones[0].Identifiers);

    /// <summary>Tries a token.</summary>
    public Phone Finder { get; } = new(server);

    public (string Kind, string Value)[] Identifiers { get; } =
        [.. phones.SelectMany(each => each.Identifiers).Distinct()];

    public static async Task<Cast> ReadyAsync(TestServer server)
    {
        var number = ("phone", Phone.NewNumber());
        Phone[] phones =
        [
            new(server, number), new(server, number), new(server, ("app", Phone.NewInstallId()), number), new(server),
        ];
        var account = await World.Admin.HasAccountAsync(phones);
        return new Cast(server, account, await World.Admin.HasAccountAsync(), phones);
    }

    public static string[] Keys(Phone phone) => Array.ConvertAll(phone.Identifiers, each => $"{each.Kind}:{each.Value}");

    /// <summary>The same phone as if another verifier were its own.</summary>
    public static async Task<Answer> WithAsync(Phone phone, string verifier, Func<Task<Answer>> call)
    {
        var own = phone.Verifier;
        phone.Verifier = verifier;
        try
        {
            return await call();
        }
        finally
        {
            phone.Verifier = own;
        }
    }

    /// <summary>What the bearer of a token is answered; the cookie of a PC has a name.</summary>
    public async Task<int> WhoIsAsync(string token)
    {
        if (token.Contains('=', StringComparison.Ordinal))
        {
            using var pc = new Browser(server) { Cookie = token };
            return (await pc.WhoAmIAsync()).Status;
        }

        Finder.Token = token;
        return (await Finder.WhoAmIAsync()).Status;
    }

    /// <summary>An administrator's function on the account.</summary>
    public Task AdministerAsync(string function) =>
        World.Admin.ExecuteAsync($"select admin.{function}(@Username)", new { account.Username });

    /// <summary>The same password again ends the sessions too; its hash is made cheap again, or sign-ins would take long.</summary>
    public async Task SetPasswordAsync()
    {
        var name = new { account.Username, Account.Password };
        var cheap = await World.Admin.QueryAsync<string>("select password_hash from account where username = @Username", name);
        await World.Admin.ExecuteAsync("select admin.set_password(@Username, @Password)", name);
        await World.Admin.ExecuteAsync(
            "update account set password_hash = @cheap where username = @Username", new { cheap, account.Username });
    }

    /// <summary>Comes again where too many passwords are being checked: that is the machine's affair, not the model's.</summary>
    public async Task<Answer> SignInAsync(int pc, string password = Account.Password)
    {
        for (var tries = 1; ; tries++)
        {
            if (await Pcs[pc].SignInAsync(account, password) is var answer && (answer.Status != 429 || tries == 10))
            {
                return answer;
            }
        }
    }

    /// <summary>Comes again where the server has no time for a handshake, as a page does.</summary>
    public async Task<Page> OpenPageAsync(int pc)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await Pcs[pc].OpenPageAsync();
            }
            catch (WebSocketException e) when (e.Message.Contains("'503'", StringComparison.Ordinal) && tries < 5)
            {
                await Task.Delay(TimeSpan.FromSeconds(1));
            }
        }
    }

    public Task BindAsync(int which, Account? owner = null) => World.Admin.QueryAsync<string>(
        "select admin.bind(@Username, @Kind, @Value)", new { (owner ?? account).Username, Of(which).Kind, Of(which).Value });

    public async Task UnbindAsync(int which)
    {
        try
        {
            await World.Admin.QueryAsync<string>("select admin.unbind(@Kind, @Value)", new { Of(which).Kind, Of(which).Value });
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.NoDataFound)
        {
            // it was not bound
        }
    }

    public (string Kind, string Value) Of(int which) => Identifiers[which % Identifiers.Length];

    /// <summary>As if its time were over now; under the account's lock, so that PostgreSQL puts it before or after each redeem.</summary>
    public static Task ExpireSessionAsync(string id) => World.Admin.ExecuteAsync(
        """
        select lock_account(account_id) from session where id = @id::uuid;
        update session set expires_at = clock_timestamp() where id = @id::uuid and revoked_at is null and expires_at > clock_timestamp()
        """, new { id });

    /// <summary>The same of an attempt.</summary>
    public static Task ExpireAttemptAsync(string? id) => World.Admin.ExecuteAsync(
        """
        select lock_account(account_id) from login_attempt where id = @id::uuid;
        update login_attempt set expires_at = clock_timestamp() where id = @id::uuid and expires_at > clock_timestamp()
        """, new { id });

    public void Dispose()
    {
        Array.ForEach(phones, each => each.Dispose());
        Array.ForEach(Pcs, each => each.Dispose());
        Eve.Dispose();
        Finder.Dispose();
    }
}
