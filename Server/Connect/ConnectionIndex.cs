namespace QrLogin.Server.Connect;

/// <summary>Connections by a key. An array that is in is never changed, so a snapshot is free. Not safe for concurrent use.</summary>
internal sealed class ConnectionIndex<TKey> where TKey : notnull
{
    private readonly Dictionary<TKey, BrowserConnection[]> connections = [];

    /// <summary>In the order of their coming.</summary>
    public BrowserConnection[] Find(TKey key) => connections.GetValueOrDefault(key, []);

    public IEnumerable<BrowserConnection> All() => connections.Values.SelectMany(each => each);

    public TKey[] Keys() => [.. connections.Keys];

    public void Add(TKey key, BrowserConnection connection) => connections[key] = [.. Find(key), connection];

    public void Remove(TKey key, BrowserConnection connection)
    {
        var rest = Array.FindAll(Find(key), other => other != connection);
        if (rest.Length > 0)
        {
            connections[key] = rest;
        }
        else
        {
            connections.Remove(key);
        }
    }
}
