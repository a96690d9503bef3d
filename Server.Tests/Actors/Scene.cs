using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Actors;

/// <summary>A user at her computer, signed in with one page open, and her phone, bound to her account.</summary>
internal sealed class Scene(IRunningServer server, Account account, Browser browser, Phone phone) : IDisposable
{
    private readonly List<Phone> phones = [phone];

    public Account Account => account;

    public Browser Browser => browser;

    public Page Page => browser.Page;

    public Phone Phone => phone;

    /// <param name="identifiers">Of the phone; a number of its own by default.</param>
    public static async Task<Scene> ReadyAsync(params (string Kind, string Value)[] identifiers)
    {
        var server = World.Server;
        var phone = new Phone(server, identifiers);
        var account = await World.Admin.HasAccountAsync(phone);
        return new Scene(server, account, await Browser.AtAsync(server, account), phone);
    }

    /// <summary>The phone asks; the code that the page then shows.</summary>
    public async Task<JsonNode> CodeAsync(Phone? of = null)
    {
        var answer = await (of ?? phone).IdentifyAsync();
        Assert.That(answer.Status, Is.EqualTo(202), answer.Text);
        return await Page.HearsAsync("qr");
    }

    /// <summary>The phone is signed in.</summary>
    /// <returns>The id of its session.</returns>
    public async Task<string> AdmittedAsync()
    {
        var granted = await phone.ScanAsync(await CodeAsync());
        Assert.That(granted.Status, Is.EqualTo(200), granted.Text);
        return granted["session"]["id"]!.ToString();
    }

    /// <summary>The same phone again: its identifiers and its verifier.</summary>
    public Phone AnotherPhone(string verifier)
    {
        var twin = AnotherPhone();
        twin.Verifier = verifier;
        return twin;
    }

    /// <summary>Another phone with the same identifiers, or others.</summary>
    public Phone AnotherPhone(params (string Kind, string Value)[] identifiers)
    {
        var another = new Phone(server, identifiers.Length > 0 ? identifiers : phone.Identifiers);
        phones.Add(another);
        return another;
    }

    public Task<Answer> RefreshAsync(JsonNode attempt) => browser.CallAsync(HttpMethod.Post, $"/api/login/{attempt["attemptId"]}/qr");

    public Task<Answer> DeclineAsync(JsonNode attempt) => browser.CallAsync(HttpMethod.Post, $"/api/login/{attempt["attemptId"]}/decline");

    public Task<Answer> EndSessionAsync(string id, string query = "") => browser.CallAsync(HttpMethod.Delete, $"/api/sessions/{id}{query}");

    public async Task<JsonArray> SessionsAsync() => (await browser.CallAsync(HttpMethod.Get, "/api/sessions"))["sessions"].AsArray();

    public void Dispose()
    {
        phones.ForEach(each => each.Dispose());
        browser.Dispose();
    }
}
