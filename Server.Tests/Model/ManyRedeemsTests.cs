using System.Diagnostics;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Model;

/// <summary>
/// The same ticket again and again at the same time (threat T6, fault F1): by others, who all hear one refusal; then by the phone that
/// asked, which always gets the same session.
/// </summary>
internal sealed class ManyRedeemsTests
{
    private const int InFlight = 200;

    [Test]
    public Task A_ticket_redeemed_a_hundred_times_at_once_makes_one_session() => RedeemAsync(tickets: 5, times: 100);

    [Test, Long]
    public Task Each_of_a_hundred_tickets_redeemed_a_thousand_times_at_once_makes_one_session() => RedeemAsync(tickets: 100, times: 1000);

    private static async Task RedeemAsync(int tickets, int times)
    {
        var (others, own, unavailable) = (0, 0, 0);
        var refusals = new HashSet<string>();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < tickets; i++)
        {
            using var cast = await Cast.ReadyAsync(ManyPhones.Server);
            var (pc, phone) = (cast.Pcs[0], cast.Phones[0]);
            await cast.SignInAsync(0);
            await pc.OpenPageAsync();
            await phone.IdentifyAsync();
            var ticket = Camera.TicketOf(await pc.Page.HearsAsync("qr"));

            var refused = await AtOnceAsync(times / 10, () =>
            {
                cast.Eve.Verifier = Phone.NewVerifier();
                return cast.Eve.RedeemAsync(ticket);
            });
            Assert.That(await SessionsAsync(cast.Account), Is.Zero, "sessions by others");
            var granted = await AtOnceAsync(times, () => phone.RedeemAsync(ticket));

            Assert.That(await SessionsAsync(cast.Account), Is.EqualTo(1), "sessions by the phone that asked");
            var answered = granted.Where(each => each.Status == 200).ToList();
            Assert.That(answered.Select(each => each["accessToken"].ToString()).Distinct().ToList(), Has.Count.EqualTo(1));
            Assert.That((await phone.WhoAmIAsync()).Status, Is.EqualTo(200));
            Answer[] busy = [.. granted.Concat(refused).Where(each => each.Status == 503)];
            Assert.That(busy.Select(each => each.Header("Retry-After")), Has.None.Null);
            Assert.That(granted.Select(each => each.Status), Is.All.AnyOf(200, 503));
            refusals.UnionWith(refused.Where(each => each.Status != 503).Select(each => each.Text));
            (others, own, unavailable) = (others + refused.Length, own + granted.Length, unavailable + busy.Length);
        }

        Assert.That(refusals, Has.Count.EqualTo(1), "one and the same refusal");
        Assert.That(refusals.Single(), Does.Contain("\"invalid_ticket\""));
        var seconds = watch.Elapsed.TotalSeconds;
        await TestContext.Out.WriteLineAsync(
            $"{tickets} tickets: {own} redeems by the phones that asked, {others} by others, {InFlight} in flight: {tickets} sessions, "
            + $"{unavailable} answers of 503, in {seconds:0} s ({(own + others) / seconds:0}/s)");
    }

    private static async Task<Answer[]> AtOnceAsync(int times, Func<Task<Answer>> call)
    {
        using var places = new SemaphoreSlim(InFlight);
        return await Task.WhenAll(Enumerable.Range(0, times).Select(async _ =>
        {
            await places.WaitAsync();
            try
            {
                return await call();
            }
            finally
            {
                places.Release();
            }
        }));
    }

    private static Task<int> SessionsAsync(Account account) => World.Admin.QueryAsync<int>(
        "select count(*)::int from admin.sessions where kind = 'mobile' and username = @Username", new { account.Username });
}
