using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Descriptions;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Actors;

/// <summary>A browser on a PC: it keeps its cookie itself, names its origin, and opens any number of pages.</summary>
internal sealed class Browser(IRunningServer server, string? from = null) : IDisposable
{
    private readonly HttpClient http = Calls.Client(server, from);
    private readonly List<Page> pages = [];

    public string? Cookie
    {
        get;
        set
        {
            field = value;
            Ledger.Keep(SecretKind.Token, value?.Split('=', 2)[^1]);
        }
    }

    /// <summary>The page that was opened first.</summary>
    public Page Page => pages[0];

    /// <summary>Signed in, with one page open that has had its welcome.</summary>
    public static async Task<Browser> AtAsync(IRunningServer server, Account account)
    {
        var browser = new Browser(server);
        var answer = await browser.SignInAsync(account);
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        await browser.OpenPageAsync();
        return browser;
    }

    public async Task<Answer> SignInAsync(Account account, string password = Account.Password)
    {
        Ledger.Keep(SecretKind.Password, password);
        return Keep(await CallAsync(HttpMethod.Post, "/api/session", new { username = account.Username, password }));
    }

    /// <summary>The site's page gives the code that its backend has got.</summary>
    public async Task<Answer> HandOverAsync(string code, string? origin = TestServer.Origin) =>
        Keep(await CallAsync(HttpMethod.Post, "/api/session/handoff", new { code }, origin));

    public Task<Answer> SignOutAsync() => CallAsync(HttpMethod.Delete, "/api/session");

    public Task<Answer> WhoAmIAsync() => CallAsync(HttpMethod.Get, "/api/session");

    public Task<Answer> CallAsync(HttpMethod method, string path, object? body = null, string? origin = TestServer.Origin) =>
        http.CallAsync(
            method, path, body,
            [
                .. Cookie is null ? [] : new[] { ("Cookie", Cookie) },
                .. origin is null ? [] : new[] { ("Origin", origin == TestServer.Origin ? server.PublicOrigin : origin) },
            ]);

    /// <summary>Opens a page and its WebSocket, and waits for the welcome.</summary>
    public async Task<Page> OpenPageAsync()
    {
        var socket = new ClientWebSocket();
        socket.Options.RemoteCertificateValidationCallback = Calls.Trusted(server);
        socket.Options.AddSubProtocol("qrlogin.v1");
        socket.Options.SetRequestHeader("Origin", server.PublicOrigin);
        socket.Options.SetRequestHeader("Cookie", Cookie);
        var page = new Page(socket);
        await socket.ConnectAsync(SocketAddress(server), Page.Patience());
        pages.Add(page);
        await page.HearsAsync("welcome");
        return page;
    }

    /// <summary>Where its pages' sockets connect.</summary>
    public static Uri SocketAddress(IRunningServer server) =>
        new UriBuilder(server.Address) { Scheme = server.Address.Scheme == "https" ? "wss" : "ws", Path = "/connect" }.Uri;

    public void Dispose()
    {
        pages.ForEach(each => each.Dispose());
        http.Dispose();
    }

    private Answer Keep(Answer answer)
    {
        if (answer.Header("Set-Cookie") is { } cookie)
        {
            Cookie = cookie.Split(';')[0];
        }

        return answer;
    }
}

/// <summary>A page that holds a WebSocket and keeps all that it hears.</summary>
internal sealed class Page(ClientWebSocket socket) : IDisposable
{
    public List<JsonNode> Heard { get; } = [];

    public JsonNode Welcome => Heard[0];

    public ClientWebSocket Socket => socket;

    public static CancellationToken Patience() => new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    /// <summary>The next message of this type; others are kept and passed over.</summary>
    public async Task<JsonNode> HearsAsync(string type)
    {
        while (await NextAsync() is { } message)
        {
            if (message["type"]!.ToString() == type)
            {
                return message;
            }
        }

        throw new AssertionException($"The socket closed with {socket.CloseStatus} before \"{type}\" was heard.");
    }

    /// <summary>Reads on until the server closes.</summary>
    public async Task<int> IsClosedAsync()
    {
        while (await NextAsync() is not null)
        {
        }

        Described.HearClose((int)socket.CloseStatus!);
        return (int)socket.CloseStatus!;
    }

    public void Dispose() => socket.Dispose();

    private async Task<JsonNode?> NextAsync()
    {
        using var message = new MemoryStream();
        var buffer = new byte[4096];
        ValueWebSocketReceiveResult frame;
        do
        {
            frame = await socket.ReceiveAsync(buffer.AsMemory(), Patience());
            if (frame.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Patience());
                return null;
            }

            message.Write(buffer, 0, frame.Count);
        }
        while (!frame.EndOfMessage);

        var node = JsonNode.Parse(message.ToArray())!;
        Heard.Add(node);
        Ledger.Hear($"socket {node["type"]}", Encoding.UTF8.GetString(message.ToArray()));
        Described.Hear(node);
        Ledger.Keep(SecretKind.TypedCode, node["typedCode"]?.ToString());
        return node;
    }
}
