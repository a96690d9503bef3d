using System.Net.WebSockets;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Model;

/// <summary>The deeds, each on the model and on the server.</summary>
internal sealed partial class Play
{
    /// <summary>Those that have closed too.</summary>
    private readonly Dictionary<ModelSession, Page> pages = [];

    private async Task IdentifyAsync(Phone phone, bool isAgain)
    {
        phone.Verifier = isAgain ? phone.Verifier : Phone.NewVerifier();
        var before = model.Open?.Id;
        var (expected, attempt) = model.Identify(Cast.Keys(phone), phone.Verifier);
        var answer = await phone.IdentifyAsync();
        Same(expected, answer, "identify");
        if (attempt is null)
        {
            return;
        }

        if (attempt.Id.Length > 0)
        {
            Same(attempt.Id, answer["attemptId"].ToString(), "the attempt that is repeated");
            return;
        }

        attempt.Id = answer["attemptId"].ToString();
        Same("False", $"{attempt.Id == before}", "whether it is the attempt before");
        await HearAsync([.. attempt.Codes]);
    }

    private static async Task HearAsync(ModelCode[] codes)
    {
        foreach (var code in codes)
        {
            code.Qr = await code.Pc.Page!.HearsAsync("qr");
            Same(code.Attempt.Id, code.Qr["attemptId"]!.ToString(), "the attempt of the code");
            Same(code.Attempt.Codes.First(each => each.Pc == code.Pc).Typed, code.Typed, "the typed code of this session");
        }
    }

    private async Task ScanAsync(Phone phone, string? verifier, ModelCode? code)
    {
        verifier ??= phone.Verifier;
        var (expected, session) = model.Scan(code, verifier, Cast.Keys(phone));
        var ticket = code?.Ticket ?? Phone.NewVerifier()[..21] + "A";
        await RedeemedAsync(expected, session, verifier, code?.Attempt, () => phone.RedeemAsync(ticket), phone);
    }

    private async Task TypeAsync(Phone phone, string? verifier, ModelAttempt? attempt, string? typed)
    {
        verifier ??= phone.Verifier;
        var (expected, session) = model.Type(attempt, typed, verifier, Cast.Keys(phone));
        phone.AttemptId = attempt?.Id ?? $"{Guid.NewGuid()}";
        await RedeemedAsync(expected, session, verifier, attempt, () => phone.RedeemTypedAsync(typed ?? "WR0N-GC0D"), phone);
    }

    private async Task RedeemedAsync(
        string expected, ModelSession? session, string verifier, ModelAttempt? attempt, Func<Task<Answer>> redeem, Phone phone)
    {
        phone.Token = null;
        var answer = await Cast.WithAsync(phone, verifier, redeem);
        Same(expected, answer, "redeem");
        if (session is not null)
        {
            grants.Add(new Grant(attempt!.Id, verifier, answer));
            (session.Id, session.Token) = session.Id.Length > 0 ? (session.Id, session.Token) : (grants[^1].SessionId, grants[^1].Token);
            Same(session.Id, grants[^1].SessionId, "the session of the attempt");
            Same(session.Token, grants[^1].Token, "the token of the session");
        }
    }

    private async Task StatusAsync(Phone phone, string? verifier, ModelAttempt? attempt)
    {
        verifier ??= phone.Verifier;
        phone.AttemptId = attempt?.Id ?? $"{Guid.NewGuid()}";
        Same(model.Status(attempt, verifier), await Cast.WithAsync(phone, verifier, phone.StatusAsync), "status");
    }

    private async Task PhoneSignsOutAsync(ModelSession? session)
    {
        if (session is not null)
        {
            cast.Finder.Token = session.Token;
            Same(session.IsAlive ? "204" : LoginModel.SessionRequired, await cast.Finder.SignOutAsync(), "the phone signs out");
            LoginModel.EndAll([session], "signed_out");
        }
    }

    private async Task PhoneActsAsPcAsync(ModelSession? session, ModelAttempt? attempt)
    {
        if (session is not null && attempt is not null)
        {
            cast.Finder.Token = session.Token;
            Same(
                session.IsAlive ? "403 web_session_required" : LoginModel.SessionRequired,
                await cast.Finder.CallAsync(HttpMethod.Post, $"/api/login/{attempt.Id}/decline"), "a phone declines");
        }
    }

    private async Task SignInAsync(int pc, string password)
    {
        var (expected, session) = password == Account.Password ? model.SignIn(pcs[pc]) : ("401 invalid_credentials", null);
        var answer = await cast.SignInAsync(pc, password);
        if (log.Count > 0)
        {
            Same(expected, answer, "sign-in");
        }

        if (session is not null)
        {
            Same("False", $"{model.Sessions.Exists(each => each.Token == cast.Pcs[pc].Cookie)}", "whether it is an old token");
            (session.Id, session.Token) = (answer["session"]["id"]!.ToString(), cast.Pcs[pc].Cookie!);
            pcs[pc] = session;
        }
    }

    private async Task SignInAndOpenAsync(int pc, bool withPage)
    {
        await SignInAsync(pc, Account.Password);
        await EndedSessionsAreClosedAsync();
        if (withPage)
        {
            await OpenPageAsync(pc);
        }
    }

    private async Task OpenPageAsync(int pc)
    {
        var session = pcs[pc]!;
        if (!session.IsAlive)
        {
            var refusal = "101";
            try
            {
                await cast.OpenPageAsync(pc);
            }
            catch (WebSocketException e)
            {
                refusal = e.Message.Contains("'401'", StringComparison.Ordinal) ? "401" : e.Message;
            }

            Same("401", refusal, "the handshake");
        }
        else if (session.Page is null)
        {
            session.Page = pages[session] = await cast.OpenPageAsync(pc);
            var open = session.Page.Welcome["openAttempts"]!.AsArray().Select(each => $"{each!["attemptId"]} {each["typedCode"]}");
            var shown = model.Open?.Codes.Find(each => each.Pc == session)?.Typed;
            Same(model.Open is { } expected ? $"{expected.Id} {shown}" : "", string.Concat(open), "the welcome's open attempts");
        }
    }

    private async Task FreshAsync(int pc, ModelAttempt? attempt)
    {
        var (expected, codes) = model.Fresh(pcs[pc], attempt);
        Same(expected, await OnScreenAsync(pc, attempt, "qr"), "a fresh code");
        await HearAsync(codes);
    }

    private async Task ExtendAsync(int pc, ModelAttempt? attempt)
    {
        var (expected, codes) = model.Extend(pcs[pc], attempt);
        Same(expected, await OnScreenAsync(pc, attempt, "extend"), "more time");
        await HearAsync(codes);
    }

    private async Task DeclineAsync(int pc, ModelAttempt? attempt) =>
        Same(model.Decline(pcs[pc], attempt), await OnScreenAsync(pc, attempt, "decline"), "not me");

    private Task<Answer> OnScreenAsync(int pc, ModelAttempt? attempt, string what) =>
        cast.Pcs[pc].CallAsync(HttpMethod.Post, $"/api/login/{attempt?.Id ?? $"{Guid.NewGuid()}"}/{what}");

    private async Task SignOutAsync(int pc)
    {
        var cookie = cast.Pcs[pc].Cookie;
        Same(pcs[pc] is { IsAlive: true } ? "204" : LoginModel.SessionRequired, await cast.Pcs[pc].SignOutAsync(), "sign-out");
        LoginModel.EndAll([pcs[pc]], "signed_out");
        cast.Pcs[pc].Cookie = cookie; // who kept it has nothing
    }

    private async Task EndSessionAsync(int pc, ModelSession? session, bool admittedToo)
    {
        var expected = model.End(pcs[pc], session, admittedToo);
        var path = $"/api/sessions/{session?.Id ?? $"{Guid.NewGuid()}"}{(admittedToo ? "?admitted=true" : "")}";
        Same(expected, await cast.Pcs[pc].CallAsync(HttpMethod.Delete, path), "the end of a session");
    }

    private async Task WhoAmIAsync(ModelSession session) =>
        Same(session.IsAlive ? "200" : "401", $"{await cast.WhoIsAsync(session.Token)}", $"who is {session.Id}");
}
