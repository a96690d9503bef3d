using System.Net.WebSockets;
using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Model;

/// <summary>
/// Acts of all actors at the same time, each actor's one after another. What comes first is the server's to say; so only what holds in any
/// order is checked: each answer is one that the protocol has for that call and caller, and what the answers and the database say together.
/// </summary>
internal sealed partial class Crowd(Cast cast)
{
    private readonly Board board = new();
    private readonly List<Task> watching = [];
    private readonly List<Grant> grants = []; // under the lock of itself

    public static async Task RunAsync(TestServer server, Acts acts)
    {
        using var cast = await Cast.ReadyAsync(server);
        var crowd = new Crowd(cast);
        foreach (var pc in new[] { 0, 1 })
        {
            await crowd.SignInAsync(pc);
            await crowd.OpenPageAsync(pc);
        }

        await crowd.IdentifyAsync(cast.Phones[0], isAgain: false);
        await Eventually.IsAsync(() => Task.FromResult(crowd.board.Codes().Length == 2), "both screens show the first code");
        await Task.WhenAll(acts.Steps.GroupBy(Lane).Select(async lane =>
        {
            foreach (var act in lane)
            {
                await crowd.DoAsync(act);
            }
        }));
        await crowd.EndAsync();
    }

    /// <summary>Whose act it is.</summary>
    private static string Lane(Act act) => act.Deed switch
    {
        <= Deed.PhoneActsAsPc => $"phone {act.Who}",
        <= Deed.EveAsks => "eve",
        <= Deed.WhoAmI => $"PC {act.Who % 2}",
        _ => "administrator",
    };

    private async Task DoAsync(Act act)
    {
        var (phone, pc) = (cast.Phones[act.Who], cast.Pcs[act.Who % 2]);
        var code = Newest(board.Codes(), act.Which);
        var own = Newest(board.Codes(phone), act.Which);
        var attempt = code is null ? null : board.Attempt(code);
        Task OnScreenAsync(string what, string allowed) =>
            AnsweredAsync(allowed, pc.CallAsync(HttpMethod.Post, $"/api/login/{Id(code) ?? $"{Guid.NewGuid()}"}/{what}"));
        await (act.Deed switch
        {
            Deed.Identify or Deed.IdentifyAgain => IdentifyAsync(phone, act.Deed == Deed.IdentifyAgain),
            Deed.Scan => RedeemAsync(phone, phone.Verifier, code, isTyped: false),
            Deed.Type => RedeemAsync(phone, phone.Verifier, code, isTyped: true),
            Deed.ScanOwn => RedeemAsync(phone, VerifierOf(own), own, isTyped: false),
            Deed.TypeOwn => RedeemAsync(phone, VerifierOf(own), own, isTyped: true),
            Deed.ScanBorrowed => RedeemAsync(phone, attempt?.Verifier, code, isTyped: false),
            Deed.TypeBorrowed => RedeemAsync(phone, attempt?.Verifier, code, isTyped: true),
            Deed.TypeWrong or Deed.TypeFiveWrongAndOwn => RedeemAsync(phone, attempt?.Verifier, code, isTyped: true, typed: "WR0N-GC0D"),
            Deed.ScanUnknown or Deed.PhoneActsAsPc => Task.CompletedTask,
            Deed.Status => StatusAsync(phone, VerifierOf(own), own),
            Deed.PhoneSignsOut => AnsweredAsync("204, 401 session_required", phone.SignOutAsync()),
            Deed.EveScans => RedeemAsync(cast.Eve, cast.Eve.Verifier, code, isTyped: false),
            Deed.EveTypes => RedeemAsync(cast.Eve, cast.Eve.Verifier, code, isTyped: true),
            Deed.EveAsks => StatusAsync(cast.Eve, cast.Eve.Verifier, code),
            Deed.SignIn or Deed.SignInWrongly => SignInAsync(act.Who % 2),
            Deed.OpenPage => OpenPageAsync(act.Who % 2),
            Deed.Fresh or Deed.FreshEightTimes => OnScreenAsync("qr",
                $"204, 401 session_required, 404 not_found, 404 no_live_connection, 429 too_many_requests, {Gone}"),
            Deed.Extend or Deed.ExtendTwelveTimes => OnScreenAsync("extend",
                $"204, 401 session_required, 404 not_found, 429 too_many_requests, {Gone}"),
            Deed.Decline or Deed.Undo => OnScreenAsync("decline", "204, 401 session_required, 404 not_found"),
            Deed.SignOut => AnsweredAsync("204, 401 session_required", pc.SignOutAsync()),
            Deed.EndSession or Deed.EndAdmitted => AnsweredAsync("204, 401 session_required, 404 not_found", pc.CallAsync(HttpMethod.Delete,
                $"/api/sessions/{Newest(board.Sessions(), act.Which)}{(act.Deed == Deed.EndAdmitted ? "?admitted=true" : "")}")),
            Deed.WhoAmI => AnsweredAsync("200, 401 session_required", pc.WhoAmIAsync()),
            Deed.Revoke => cast.AdministerAsync("revoke_sessions"),
            Deed.SetPassword => cast.SetPasswordAsync(),
            Deed.Disable => cast.AdministerAsync("disable_account"),
            Deed.Enable => cast.AdministerAsync("enable_account"),
            Deed.Unbind or Deed.BindElsewhere => cast.UnbindAsync(act.Who),
            Deed.Bind => cast.BindAsync(act.Who),
            Deed.ExpireSession => Cast.ExpireSessionAsync(Newest(board.Sessions(), act.Which)!),
            _ => Cast.ExpireAttemptAsync(Id(code)),
        });
    }

    private async Task IdentifyAsync(Phone phone, bool isAgain)
    {
        phone.Verifier = isAgain ? phone.Verifier : Phone.NewVerifier();
        var answer = await AnsweredAsync("202, 404 no_live_connection, 429 too_many_requests", phone.IdentifyAsync());
        if (answer.Status == 202)
        {
            board.Add(answer["attemptId"].ToString(), phone, phone.Verifier);
        }
    }

    /// <param name="verifier">Null: there is nothing to redeem.</param>
    private async Task RedeemAsync(Phone phone, string? verifier, JsonNode? qr, bool isTyped, string? typed = null)
    {
        if (qr is null || verifier is null)
        {
            return;
        }

        phone.AttemptId = Id(qr);
        var ticket = Camera.TicketOf(qr);
        var allowed = verifier == board.Attempt(qr)?.Verifier && typed is null
            ? $"200, 400 invalid_ticket, 410 session_ended, 410 ticket_expired, {Gone}" : "400 invalid_ticket";
        var answer = await AnsweredAsync(allowed, Cast.WithAsync(
            phone, verifier, () => isTyped ? phone.RedeemTypedAsync(typed ?? qr["typedCode"]!.ToString()) : phone.RedeemAsync(ticket)));
        if (answer.Status == 200)
        {
            lock (grants)
            {
                grants.Add(new Grant(Id(qr)!, verifier, answer));
            }

            board.AddSession(answer["session"]["id"]!.ToString(), answer["accessToken"].ToString());
        }
        else if (answer.Code is "declined" or "superseded")
        {
            board.AddRefused(Id(qr)!);
        }
    }

    private async Task StatusAsync(Phone phone, string? verifier, JsonNode? qr)
    {
        phone.AttemptId = Id(qr) ?? $"{Guid.NewGuid()}";
        await AnsweredAsync(
            verifier is not null && verifier == (qr is null ? null : board.Attempt(qr)?.Verifier) ? $"200, {Over}" : "404 not_found",
            Cast.WithAsync(phone, verifier ?? phone.Verifier, phone.StatusAsync));
    }

    private async Task SignInAsync(int pc)
    {
        var answer = await AnsweredAsync("200, 401 invalid_credentials, 429 too_many_requests", cast.SignInAsync(pc));
        if (answer.Status == 200)
        {
            board.AddSession(answer["session"]["id"]!.ToString(), cast.Pcs[pc].Cookie!);
        }
    }

    private async Task OpenPageAsync(int pc)
    {
        try
        {
            var page = await cast.OpenPageAsync(pc);
            lock (watching)
            {
                watching.Add(WatchAsync(page));
            }
        }
        catch (WebSocketException e) when (e.Message.Contains("'401'", StringComparison.Ordinal))
        {
            // the session has ended
        }
        catch (AssertionException)
        {
            // it ended between handshake and welcome
        }
    }

    private async Task WatchAsync(Page page)
    {
        try
        {
            while (true)
            {
                board.Add(await page.HearsAsync("qr"));
            }
        }
        catch (AssertionException)
        {
            // closed
        }
    }
}
