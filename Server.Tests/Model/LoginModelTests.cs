using System.Collections.Concurrent;
using FsCheck;
using FsCheck.Fluent;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Model;

/// <summary>
/// The login's state machine against a model, by FsCheck: random acts of everybody concerned. A failing run prints its seed and the
/// shortest sequence that it found; <c>QRLOGIN_SEED=…</c> repeats it: the two numbers of the whole test, or the three of the failing run.
/// </summary>
internal sealed class LoginModelTests
{
    private const int LongRuns = 300;
    private const string Over = "410 already_redeemed, 410 declined, 410 superseded, 410 attempt_expired";

    /// <summary>What the protocol has these calls answer.</summary>
    private static readonly (string Call, string Answers)[] Everything =
    [
        ("identify", "202, 404 no_live_connection, 429 too_many_requests"),
        ("redeem", $"200, 400 invalid_ticket, 410 session_ended, 410 ticket_expired, {Over}"),
        ("status", $"200, 404 not_found, {Over}"),
        ("a fresh code", $"204, 401 session_required, 404 not_found, 404 no_live_connection, 429 too_many_requests, {Over}"),
        ("more time", $"204, 401 session_required, 404 not_found, 429 too_many_requests, {Over}"),
        ("not me", "204, 401 session_required, 404 not_found"),
        ("the end of a session", "204, 401 session_required, 404 not_found"),
    ];

    [Test]
    public void Whatever_is_done_one_after_another_the_server_answers_as_the_model() => OneAfterAnother(8);

    [Test, Long]
    public void Whatever_is_done_one_after_another_the_server_answers_as_the_model_at_length() => OneAfterAnother(LongRuns);

    [Test]
    public void Whatever_is_done_at_the_same_time_what_must_hold_holds() => AtTheSameTime(8);

    [Test, Long]
    public void Whatever_is_done_at_the_same_time_what_must_hold_holds_at_length() => AtTheSameTime(LongRuns);

    private static void AtTheSameTime(int runs) =>
        Check(runs, acts => Crowd.RunAsync(ManyPhones.Server, acts).GetAwaiter().GetResult());

    private static void OneAfterAnother(int runs)
    {
        var (judged, seen) = (0, new ConcurrentDictionary<string, int>());
        Check(runs, acts =>
        {
            judged += Play.RunAsync(ManyPhones.Server, acts, seen).GetAwaiter().GetResult() ? 1 : 0;
        });
        TestContext.Out.WriteLine($"{judged} of {runs} runs were quick enough to be compared to the end; they met");
        TestContext.Out.WriteLine(string.Join('\n', seen.OrderBy(each => each.Key).Select(each => $"  {each.Value,6} {each.Key}")));
        Assume.That(judged, Is.GreaterThan(0), "a run that was quick enough");
        Assert.That(judged, Is.GreaterThanOrEqualTo(runs < LongRuns ? 1 : runs / 4)); // how many of a few is a matter of the machine
        Assert.That(seen.Keys, runs < LongRuns ? Is.Not.Empty : Is.SupersetOf(Everything.SelectMany(Answers)), "every answer was met");
    }

    private static IEnumerable<string> Answers((string Call, string Answers) each) =>
        each.Answers.Split(", ").Select(answer => $"{each.Call} {answer}");

    private static void Check(int runs, Action<Acts> run)
    {
        var given = Environment.GetEnvironmentVariable("QRLOGIN_SEED")?.Split(',');
        var seed = Array.ConvertAll(given ?? [$"{Random.Shared.NextInt64()}", "1"], each => ulong.Parse(each, null));
        TestContext.Progress.WriteLine($"{TestContext.CurrentContext.Test.Name}: {runs} runs, QRLOGIN_SEED={string.Join(',', seed)}");
        var config = Config.QuickThrowOnFailure.WithMaxTest(runs);
        FsCheck.Check.One(
            seed is [_, _, var size] ? config.WithReplay(seed[0], seed[1], (int)size) : config.WithReplay(seed[0], seed[1]),
            Prop.ForAll(Act.Sequences, run));
    }
}
