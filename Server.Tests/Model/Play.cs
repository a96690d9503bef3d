using System.Collections.Concurrent;
using System.Diagnostics;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Model;

/// <summary>Acts one after another on the real server; each answer, each push and the database are compared with the model.</summary>
internal sealed partial class Play(Cast cast, ConcurrentDictionary<string, int> seen)
{
    /// <summary>The model's clock stands still while the server's goes on: after this, a difference is no proof of anything.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(35);

    private readonly LoginModel model = new(cast.Identifiers.Select(each => $"{each.Kind}:{each.Value}"));
    private readonly ModelSession?[] pcs = new ModelSession?[2];
    private readonly List<Grant> grants = [];
    private readonly List<string> log = [];

    /// <param name="seen">Counts what was answered to what.</param>
    /// <returns>Whether it was compared to the end; else it took too long.</returns>
    public static async Task<bool> RunAsync(TestServer server, Acts acts, ConcurrentDictionary<string, int> seen)
    {
        using var cast = await Cast.ReadyAsync(server);
        var play = new Play(cast, seen);
        var watch = Stopwatch.StartNew();
        try
        {
            await play.BeginAsync();
            foreach (var act in acts.Steps)
            {
                play.log.Add($"{act}");
                await play.DoAsync(act);
                await play.EndedSessionsAreClosedAsync();
            }

            await play.EndAsync();
            return true;
        }
        catch (Exception) when (watch.Elapsed > Patience)
        {
            return false;
        }
        catch (Exception e)
        {
            throw new ModelException($"{e.Message}\n{string.Join('\n', play.log)}", e);
        }
    }

    private async Task BeginAsync()
    {
        await SignInAsync(0, Account.Password);
        await SignInAsync(1, Account.Password);
        await OpenPageAsync(0);
    }

    private Task DoAsync(Act act) => act.Deed switch
    {
        Deed.Identify => IdentifyAsync(cast.Phones[act.Who], isAgain: false),
        Deed.IdentifyAgain => IdentifyAsync(cast.Phones[act.Who], isAgain: true),
        Deed.Scan => ScanAsync(cast.Phones[act.Who], cast.Phones[act.Who].Verifier, Code(act)),
        Deed.ScanOwn => ScanAsync(Owner(Code(act)?.Attempt), Code(act)?.Attempt.Verifier, Code(act)),
        Deed.ScanBorrowed => ScanAsync(cast.Phones[act.Who], Code(act)?.Attempt.Verifier, Code(act)),
        Deed.ScanUnknown => ScanAsync(cast.Phones[act.Who], cast.Phones[act.Who].Verifier, null),
        Deed.EveScans => ScanAsync(cast.Eve, cast.Eve.Verifier, Code(act)),
        Deed.Type => TypeAsync(cast.Phones[act.Who], cast.Phones[act.Who].Verifier, Attempt(act), Code(act)?.Typed),
        Deed.TypeOwn => TypeAsync(Owner(Code(act)?.Attempt), Code(act)?.Attempt.Verifier, Code(act)?.Attempt, Code(act)?.Typed),
        Deed.TypeBorrowed => TypeAsync(cast.Phones[act.Who], Code(act)?.Attempt.Verifier, Code(act)?.Attempt, Code(act)?.Typed),
        Deed.TypeWrong => TypeAsync(Owner(Attempt(act)), Attempt(act)?.Verifier, Attempt(act), null),
        Deed.TypeFiveWrongAndOwn => TypeFiveWrongAndOwnAsync(act),
        Deed.EveTypes => TypeAsync(cast.Eve, cast.Eve.Verifier, Code(act)?.Attempt, Code(act)?.Typed),
        Deed.Status => StatusAsync(Owner(Attempt(act)), Attempt(act)?.Verifier, Attempt(act)),
        Deed.EveAsks => StatusAsync(cast.Eve, cast.Eve.Verifier, Attempt(act)),
        Deed.PhoneSignsOut => PhoneSignsOutAsync(Newest(model.Sessions.Where(each => !each.IsWeb), act.Which)),
        Deed.PhoneActsAsPc => PhoneActsAsPcAsync(Newest(model.Sessions.Where(each => !each.IsWeb), act.Which), Attempt(act)),
        Deed.SignIn => SignInAndOpenAsync(act.Who % 2, withPage: act.Which < 3),
        Deed.SignInWrongly => SignInAsync(act.Who % 2, "incorrect horse"),
        Deed.OpenPage => OpenPageAsync(act.Who % 2),
        Deed.Fresh => FreshAsync(act.Who % 2, Attempt(act)),
        Deed.FreshEightTimes => RepeatAsync(8, () => FreshAsync(act.Who % 2, Attempt(act))),
        Deed.Extend => ExtendAsync(act.Who % 2, Attempt(act)),
        Deed.ExtendTwelveTimes => RepeatAsync(12, async () =>
        {
            await PassTimeAsync(1);
            await ExtendAsync(act.Who % 2, Attempt(act));
        }),
        Deed.Decline => DeclineAsync(act.Who % 2, Attempt(act)),
        Deed.Undo => DeclineAsync(act.Who % 2, Newest(model.Attempts.Where(each => each.Made is { IsAlive: true }), act.Which)),
        Deed.SignOut => SignOutAsync(act.Who % 2),
        Deed.EndSession => EndSessionAsync(act.Who % 2, Newest(model.Sessions, act.Which), admittedToo: false),
        Deed.EndAdmitted => EndSessionAsync(act.Who % 2, Newest(model.Sessions.Where(each => each.IsWeb), act.Which), admittedToo: true),
        Deed.WhoAmI => WhoAmIAsync(Newest(model.Sessions, act.Which)!),
        Deed.Revoke => EndAllAsync("revoked", () => cast.AdministerAsync("revoke_sessions")),
        Deed.SetPassword => EndAllAsync("password_changed", cast.SetPasswordAsync),
        Deed.Disable => DisableAsync(),
        Deed.Enable => EnableAsync(),
        Deed.Unbind => RebindAsync(act, null),
        Deed.Bind => RebindAsync(act, cast.Account),
        Deed.BindElsewhere => RebindAsync(act, cast.Elsewhere),
        Deed.ExpireSession => ExpireAsync(Newest(model.Sessions, act.Which)!),
        Deed.PassTime => PassTimeAsync(act.Who switch { 0 => 1, 1 => 4, _ => 8 }),
        _ => throw new UnreachableException(),
    };

    private async Task TypeFiveWrongAndOwnAsync(Act act)
    {
        await RepeatAsync(5, () => DoAsync(act with { Deed = Deed.TypeWrong }));
        var code = Attempt(act)?.Codes.LastOrDefault();
        await TypeAsync(Owner(Attempt(act)), Attempt(act)?.Verifier, Attempt(act), code?.Typed);
    }

    private static async Task RepeatAsync(int times, Func<Task> act)
    {
        for (; times > 0; times--)
        {
            await act();
        }
    }

    private static T? Newest<T>(IEnumerable<T> all, int which) where T : class =>
        all.Reverse().Take(6).ToList() is { Count: > 0 } some ? some[which % some.Count] : null;

    private ModelAttempt? Attempt(Act act) => Newest(model.Attempts, act.Which);

    private ModelCode? Code(Act act) => Newest(model.Attempts.SelectMany(each => each.Codes), act.Which);

    /// <summary>The phone whose attempt it is; any, where there is none.</summary>
    private Phone Owner(ModelAttempt? attempt) =>
        Array.Find(cast.Phones, each => attempt is not null && Cast.Keys(each).SequenceEqual(attempt.Identifiers)) ?? cast.Phones[0];

    /// <summary>The PC's cookie is dead at once, and its socket hears so (T9).</summary>
    private async Task EndedSessionsAreClosedAsync()
    {
        foreach (var session in model.Sessions.Where(each => !each.IsAlive && each.Page is not null))
        {
            Same("4401", $"{await session.Page!.IsClosedAsync()}", $"the close code of {session.Id}");
            session.Page = null;
            Same(
                string.Join('\n', session.Told),
                string.Join('\n', pages[session].Heard
                    .Where(each => each["type"]!.ToString() is "ended" or "warning")
                    .Select(each => $"{each["type"]} {each["attemptId"]} {each["outcome"] ?? each["reason"]}")),
                "what the page was told");
        }
    }

    private async Task EndAsync()
    {
        foreach (var session in model.Sessions)
        {
            await WhoAmIAsync(session);
        }

        var name = new { cast.Account.Username };
        Same(
            string.Join(' ', model.Sessions.Select(each => $"{each.Id} {each.End ?? "alive"}").Order()),
            await World.Admin.QueryAsync<string?>(
                "select string_agg(id || ' ' || state, ' ' order by id::text) from admin.sessions where username = @Username", name) ?? "",
            "the sessions in the database");
        Same(
            string.Join(' ', model.Attempts.Select(each => $"{each.Id} {each.State(model.Now)}").Order()),
            await World.Admin.QueryAsync<string?>(
                "select string_agg(id || ' ' || state, ' ' order by id::text) from admin.attempts where username = @Username", name) ?? "",
            "the attempts in the database");
        await EndAllAsync("revoked", () => cast.AdministerAsync("revoke_sessions"));
        await EndedSessionsAreClosedAsync();
        await Ledger.HoldsAsync(cast, grants);
    }

    /// <summary>Throws with what differs; NUnit's own assertions would count each try of a shrinking as a failure.</summary>
    private static void Same(string expected, string actual, string what)
    {
        if (expected != actual)
        {
            throw new ModelException($"{what}: the model says {expected}, the server {actual}");
        }
    }

    private void Same(string expected, Answer answer, string what)
    {
        log[^1] += $" -> {answer.Word()}";
        seen.AddOrUpdate($"{what} {answer.Word()}", 1, (_, count) => count + 1);
        Same(expected, answer.Word(), what);
    }
}

/// <summary>Server and model differ.</summary>
internal sealed class ModelException(string message, Exception? inner = null) : Exception(message, inner);
