using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace QrLogin.Server.Tests.Pages;

/// <summary>
/// Hears all that a browser profile complains of: errors and warnings on the console, among them each breach of the content security
/// policy, and errors that nobody caught. Playwright's thread tells it, the test's thread asks.
/// </summary>
internal sealed class Ears
{
    private readonly ConcurrentQueue<Regex> announced = [];
    private readonly ConcurrentQueue<string> heard = [];
    private readonly ConcurrentQueue<string> complaints = [];

    public Ears(IBrowserContext profile)
    {
        profile.Console += (_, line) =>
        {
            if (line.Type is "error" or "warning")
            {
                Hear($"{line.Type}: {line.Text} ({line.Location})");
            }
        };
        profile.WebError += (_, fault) => Hear($"uncaught: {fault.Error}");
    }

    /// <summary>All that was heard, announced or not.</summary>
    public IReadOnlyCollection<string> Heard => heard;

    /// <summary>What was heard and had not been announced.</summary>
    public IReadOnlyCollection<string> Complaints => complaints;

    /// <summary>From now on the browser may say this, as it does by itself of a call or a connection that fails.</summary>
    /// <param name="pattern">Matches its words, or behind them in brackets the address.</param>
    public void MayHear(string pattern) => announced.Enqueue(new Regex(pattern));

    private void Hear(string what)
    {
        heard.Enqueue(what);
        if (!announced.Any(pattern => pattern.IsMatch(what)))
        {
            complaints.Enqueue(what);
        }
    }
}
