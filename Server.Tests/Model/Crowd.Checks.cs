using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Model;

/// <summary>What is checked of each answer, and when all is done.</summary>
internal sealed partial class Crowd
{
    private const string Over = "410 already_redeemed, 410 declined, 410 superseded, 410 attempt_expired";
    private const string Gone = $"{Over}, 410 session_ended";

    private static string? Id(JsonNode? qr) => qr?["attemptId"]!.ToString();

    private static T? Newest<T>(T[] all, int which) where T : class => all.Length > 0 ? all[^(1 + (which % all.Length))] : null;

    private string? VerifierOf(JsonNode? qr) => qr is null ? null : board.Attempt(qr)?.Verifier;

    /// <summary>503 is allowed to any call: the account's row was locked for too long.</summary>
    private static async Task<Answer> AnsweredAsync(string allowed, Task<Answer> call)
    {
        var answer = await call;
        if (!allowed.Split(", ").Contains(answer.Word()) && !(answer.Status == 503 && answer.Header("Retry-After") is not null))
        {
            throw new ModelException($"{answer.Response.RequestMessage!.RequestUri!.AbsolutePath} answered {answer.Word()}, not {allowed}");
        }

        return answer;
    }

    private async Task EndAsync()
    {
        await Ledger.HoldsAsync(cast, grants);
        if (grants.GroupBy(each => each.AttemptId).FirstOrDefault(each => each.DistinctBy(one => one.Token).Count() > 1) is { } twice)
        {
            throw new ModelException($"two tokens of one attempt: {twice.Key}");
        }

        if (grants.Find(each => board.IsRefused(each.AttemptId)) is { } both)
        {
            throw new ModelException($"an attempt that was both granted and declined or superseded: {both.AttemptId}");
        }

        foreach (var id in board.Sessions())
        {
            var isAlive = await World.Admin.QueryAsync<bool>("select state = 'alive' from admin.sessions where id = @id::uuid", new { id });
            await WhoIsAsync(id, isAlive ? 200 : 401);
        }

        await cast.AdministerAsync("revoke_sessions");
        foreach (var id in board.Sessions())
        {
            await WhoIsAsync(id, 401);
        }

        await Task.WhenAll(watching);
        foreach (var code in board.Codes().Where(each => board.Attempt(each) is not null))
        {
            var attempt = board.Attempt(code)!;
            var answer = await Cast.WithAsync(attempt.Phone, attempt.Verifier, () => attempt.Phone.RedeemAsync(Camera.TicketOf(code)));
            if (answer.Status == 200)
            {
                throw new ModelException($"a redeem after all sessions have been ended: {attempt.Id}");
            }
        }
    }

    private async Task WhoIsAsync(string id, int expected)
    {
        if (await cast.WhoIsAsync(board.Token(id)) is var status && status != expected)
        {
            throw new ModelException($"the token of session {id} is answered {status}, not {expected}");
        }
    }
}
