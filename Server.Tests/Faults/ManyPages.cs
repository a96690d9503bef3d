using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using QrLogin.Server.Tests.Actors;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Faults;

/// <summary>
/// Sockets of many users, eight of a session, from eight addresses of loopback; each has had its welcome. Who is told 503 comes again, as
/// a page does.
/// </summary>
internal static class ManyPages
{
    private const int SocketsOfASession = 8;

    /// <param name="atOnce">How many handshakes are under way together.</param>
    public static async Task<List<RawSocket>> OpenAsync(IRunningServer server, int count, int atOnce = 50)
    {
        var run = Guid.NewGuid().ToString("N")[..8];
        await World.Admin.ExecuteAsync(
            """
            with made as (
              insert into account (username, display_name, password_hash)
              select format('drain.%s.%s', @run, i), 'Drain', '$2a$04$wi8xzOdM0zXLk/w4YNayRu5gDGY83y8QNn76DhoftushoHS1k85iC'
              from generate_series(0, @sessions - 1) as i returning id, username)
            insert into session (id, account_id, kind, token_hash, address, expires_at)
            select gen_random_uuid(), id, 'web', sha256(sha256(convert_to(username, 'UTF8'))), '127.0.0.1', now() + interval '1 h' from made
            """, new { run, sessions = (count + SocketsOfASession - 1) / SocketsOfASession });
        var pages = new RawSocket[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (i, _) =>
        {
            var token = SHA256.HashData(Encoding.UTF8.GetBytes($"drain.{run}.{i / SocketsOfASession}"));
            var page = pages[i] = await AskAsync(server, $"127.0.0.{2 + (i % 8)}", $"qrlogin={Base64Url.EncodeToString(token)}");
            Assert.That((await page.NextAsync())?.Opcode, Is.EqualTo(1), "the welcome");
        });
        return [.. pages];
    }

    private static async Task<RawSocket> AskAsync(IRunningServer server, string from, string cookie)
    {
        for (var tries = 1; ; tries++)
        {
            var page = await RawSocket.ConnectAsync(server, from);
            var answer = await page.AskAsync(RawSocket.Handshake(cookie));
            if (answer.Status == 101)
            {
                return page;
            }

            page.Dispose();
            Assert.That(answer.Status == 503 && tries < 5, $"refused {tries} times: {answer.Text}");
            await Task.Delay(TimeSpan.FromSeconds(1 + Random.Shared.NextDouble()));
        }
    }
}
