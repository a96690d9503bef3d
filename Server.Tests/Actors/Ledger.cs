using System.Collections.Concurrent;

namespace QrLogin.Server.Tests.Actors;

/// <summary>
/// All that the actors know and nobody else may, and all that the server has told them: what <see cref="LeakTests"/> hunts for, and where.
/// Any thread may write, until the hunt begins: a test that ran after it would not be searched, and fails.
/// </summary>
internal static class Ledger
{
    private static readonly ConcurrentDictionary<(SecretKind Kind, string Text), byte> Known = new();
    private static readonly ConcurrentQueue<Heard> All = new();
    private static volatile bool isClosed;

    public static IReadOnlyCollection<(SecretKind Kind, string Text)> Secrets => [.. Known.Keys];

    public static IReadOnlyCollection<Heard> Words => All;

    /// <returns>The secret itself.</returns>
    public static string? Keep(SecretKind kind, string? secret)
    {
        if (secret is not null)
        {
            ThrowIfClosed();
            Known.TryAdd((kind, secret), 0);
        }

        return secret;
    }

    /// <param name="from">The call and its status, or <c>socket</c> and the message's type.</param>
    /// <param name="words">Headers and body, or the message.</param>
    public static void Hear(string from, string words)
    {
        ThrowIfClosed();
        All.Enqueue(new Heard(from, words));
    }

    public static void Close() => isClosed = true;

    private static void ThrowIfClosed()
    {
        if (isClosed)
        {
            throw new InvalidOperationException("LeakTests has run already. Fixtures that run alone go by name: name this one before it.");
        }
    }
}

internal enum SecretKind
{
    Token,
    Ticket,
    Verifier,
    TypedCode,
    Password,
    Identifier,
    ClientSecret,
    Handoff,
    AuthorizationCode,
    State,
}

/// <summary>One answer or message.</summary>
internal sealed record Heard(string From, string Words);
