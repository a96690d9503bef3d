using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Model;

/// <summary>What an administrator does, and time.</summary>
internal sealed partial class Play
{
    /// <summary>
    /// Every limit of the protocol is a multiple of 60 s and none but an hour one of 80: however these steps add up, at least 40 s lie
    /// between the model's time and the next limit, for the real time that a run takes.
    /// </summary>
    private const int Step = 80;

    private async Task EndAllAsync(string reason, Func<Task> act)
    {
        await act();
        LoginModel.EndAll(model.Sessions, reason);
    }

    private Task DisableAsync()
    {
        model.IsDisabled = true;
        return EndAllAsync("account_disabled", () => cast.AdministerAsync("disable_account"));
    }

    private Task EnableAsync()
    {
        model.IsDisabled = false;
        return cast.AdministerAsync("enable_account");
    }

    /// <param name="owner">Null: nobody's from now on.</param>
    private async Task RebindAsync(Act act, Account? owner)
    {
        var (kind, value) = cast.Of(act.Who);
        var isChange = model.Bound.Contains($"{kind}:{value}") != (owner == cast.Account);
        if (isChange || owner != cast.Account)
        {
            await cast.UnbindAsync(act.Who);
        }

        if (owner is not null)
        {
            await cast.BindAsync(act.Who, owner);
        }

        _ = owner == cast.Account ? model.Bound.Add($"{kind}:{value}") : model.Bound.Remove($"{kind}:{value}");
        foreach (var screen in model.Screens.Where(_ => isChange))
        {
            await screen.Page!.HearsAsync("identifiers"); // from then on it is found, or not
        }
    }

    private static async Task ExpireAsync(ModelSession session)
    {
        await Cast.ExpireSessionAsync(session.Id);
        LoginModel.EndAll([session], "expired");
    }

    /// <summary>As if all that there is of attempts had happened earlier.</summary>
    private Task<int> PassTimeAsync(int steps)
    {
        model.Now += steps * Step;
        return World.Admin.ExecuteAsync(
            """
            update login_ticket t set created_at = t.created_at - @by, expires_at = t.expires_at - @by
            from login_attempt a join account c on c.id = a.account_id where a.id = t.attempt_id and c.username = @Username;
            update login_attempt a set created_at = a.created_at - @by, expires_at = a.expires_at - @by,
              redeemed_at = redeemed_at - @by, declined_at = declined_at - @by,
              superseded_at = superseded_at - @by, muted_at = muted_at - @by
            from account c where c.id = a.account_id and c.username = @Username
            """, new { by = TimeSpan.FromSeconds(steps * Step), cast.Account.Username });
    }
}
