using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Model;

/// <summary>What a crowd has seen: attempts, codes, sessions, in the order in which they were heard of. Safe for concurrent use.</summary>
internal sealed class Board
{
    private readonly Lock gate = new();
    private readonly List<JsonNode> codes = [];
    private readonly Dictionary<string, SeenAttempt> attempts = [];
    private readonly List<(string Id, string Token)> sessions = [];
    private readonly HashSet<string> refused = [];

    public void Add(JsonNode qr)
    {
        lock (gate)
        {
            codes.Add(qr);
        }
    }

    public void Add(string attemptId, Phone phone, string verifier)
    {
        lock (gate)
        {
            attempts[attemptId] = new SeenAttempt(attemptId, phone, verifier);
        }
    }

    /// <summary>The same again is kept once.</summary>
    public void AddSession(string id, string token)
    {
        lock (gate)
        {
            if (!sessions.Contains((id, token)))
            {
                sessions.Add((id, token));
            }
        }
    }

    /// <summary>Its phone was told that it was declined or superseded.</summary>
    public void AddRefused(string attemptId)
    {
        lock (gate)
        {
            refused.Add(attemptId);
        }
    }

    /// <param name="of">Whose attempts; null for all.</param>
    public JsonNode[] Codes(Phone? of = null)
    {
        lock (gate)
        {
            return [.. codes.Where(each => of is null || attempts.GetValueOrDefault(each["attemptId"]!.ToString())?.Phone == of)];
        }
    }

    /// <summary>Null while its phone has not been answered yet.</summary>
    public SeenAttempt? Attempt(JsonNode qr)
    {
        lock (gate)
        {
            return attempts.GetValueOrDefault(qr["attemptId"]!.ToString());
        }
    }

    public string[] Sessions()
    {
        lock (gate)
        {
            return [.. sessions.Select(each => each.Id)];
        }
    }

    public string Token(string sessionId)
    {
        lock (gate)
        {
            return sessions.Single(each => each.Id == sessionId).Token;
        }
    }

    public bool IsRefused(string attemptId)
    {
        lock (gate)
        {
            return refused.Contains(attemptId);
        }
    }
}

internal sealed record SeenAttempt(string Id, Phone Phone, string Verifier);
