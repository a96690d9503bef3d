using System.Text.RegularExpressions;
using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Pages;

/// <summary>
/// Every word that people see comes from the lists of words: with each text of the list put in marks, nothing stands outside of them but
/// what somebody has entered. So a word in the code shows, if it is a single one, too.
/// </summary>
internal sealed partial class PseudoLanguageTests : PageScene
{
    /// <summary>All texts of the page, hidden ones too; then each attribute that is seen or read out.</summary>
    private const string Texts =
        """
        () => {
          const within = (root) => [...root.childNodes].flatMap((node) =>
            node.nodeType === Node.TEXT_NODE ? [node.data]
              : node.nodeType !== Node.ELEMENT_NODE || node.matches('script, style, noscript, select') ? []
              : [...node.shadowRoot ? within(node.shadowRoot) : [], ...within(node)]);
          const attributes = (root) => [...root.querySelectorAll('*')].flatMap((element) => [
            ...['aria-label', 'aria-description', 'alt', 'title', 'placeholder'].map((name) => element.getAttribute(name)).filter(Boolean),
            ...element.shadowRoot ? attributes(element.shadowRoot) : []]);
          return [document.title, within(document.body).join('\n'), ...attributes(document.body)];
        }
        """;

    [Test]
    public async Task Every_word_on_the_pages_comes_from_the_list()
    {
        var app = Keep(new Phone(Server));
        var alice = await World.Admin.HasAccountAsync(app);
        var computer = await MarkedAsync("/", new());
        string[] data = [.. Word().Matches(alice.Username).Select(match => match.Value), "Alice", "Chrome", "Linux", "Pixel", "Android"];
        await ReadsAsync(computer, "⟦User name⟧");
        await computer.GetByLabel("⟦User name⟧").FillAsync(alice.Username);
        await computer.GetByLabel("⟦Password⟧").FillAsync(Account.Password);
        await PressAsync(computer, "⟦Sign in⟧");
        await ReadsAsync(computer, "⟦This computer is ready⟧");

        var phone = await MarkedAsync("/phone", new() { Width = 390, Height = 844 });
        await ReadsAsync(phone, "⟦Phone number⟧");
        await phone.GetByLabel("⟦Phone number⟧").FillAsync(app.Number);
        await PressAsync(phone, "⟦Sign in⟧");
        await ReadsAsync(phone, "⟦Scan the code on your computer⟧");
        await PressAsync(phone, "⟦Type a code instead⟧");
        await ReadsAsync(phone, "⟦Type the code from your computer⟧");
        await PressAsync(phone, "⟦Sign in⟧");
        await ReadsAsync(phone, "⟦This is not a whole code: it has eight letters and digits.⟧");
        await PressAsync(phone, "⟦Scan instead⟧");
        await PressAsync(phone, "⟦Cancel⟧");
        await ReadsAsync(phone, "⟦Asks as ");

        await app.IdentifyAsync();
        await computer.GetByText("Pixel 10").WaitForAsync();
        var code = (await computer.Locator("dialog img").GetAttributeAsync("src"))!;
        await ReadsAsync(computer, "⟦Cannot scan? Show a code to type⟧");
        await app.RedeemAsync(QrReader.TicketIn(code));
        await ReadsAsync(computer, "⟦Was it you?⟧");
        await ReadsAsync(computer, "⟦New⟧");
        await PressAsync(computer, "⟦Undo⟧");
        await ReadsAsync(computer, "⟦No phone is signed in.⟧");

        async Task ReadsAsync(IPage page, string text)
        {
            await page.GetByText(text).First.WaitForAsync();
            foreach (var each in await page.EvaluateAsync<string[]>(Texts))
            {
                Assert.That(Outside(each, data), Is.Empty, $"outside the list, where \"{text}\" is read");
            }
        }
    }

    private static Task PressAsync(IPage page, string button) =>
        page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    /// <summary>The words that stand in no mark, and are no data.</summary>
    private static IEnumerable<string> Outside(string text, string[] data)
    {
        var left = text;
        while (Marked().IsMatch(left))
        {
            left = Marked().Replace(left, " "); // from the inside: one may be filled into another
        }

        return Word().Matches(Code().Replace(left, " ")).Select(match => match.Value).Except(data);
    }

    /// <summary>A page whose words stand in marks.</summary>
    private async Task<IPage> MarkedAsync(string path, ScreenOptions options)
    {
        var page = (await OpenAsync("about:blank", options)).Page;
        await page.RouteAsync("**/common/en.js", async route =>
        {
            var answer = await route.FetchAsync();
            var script = await answer.TextAsync() + "\nfor (const key in words) { words[key] = `⟦${words[key]}⟧`; }";
            await route.FulfillAsync(new() { Response = answer, Body = script });
        });
        await page.GotoAsync(path);
        return page;
    }

    [GeneratedRegex("⟦[^⟦⟧]*⟧")]
    private static partial Regex Marked();

    /// <summary>Codes, addresses, install ids and numbers: what a machine has made.</summary>
    [GeneratedRegex(@"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b|(?:\b[0-9A-Z] ){4}- (?:[0-9A-Z]\b ?){4}|https?://\S+|[\w-]{40,}")]
    private static partial Regex Code();

    [GeneratedRegex(@"\p{L}{2,}")]
    private static partial Regex Word();
}
