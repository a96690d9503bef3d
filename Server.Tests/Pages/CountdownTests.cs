using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The time that is left, as a screen reader says it: all that changes in any live region, over whole countdowns.</summary>
internal sealed class CountdownTests : PageScene
{
    private const string Listen =
        """
        () => {
          const regions = '[role=status], [role=alert], [role=log], [aria-live]';
          const last = new Map();
          const said = window.said = [];
          const words = (region) => {
            const copy = region.cloneNode(true);
            copy.querySelectorAll('[aria-hidden=true], [hidden], button').forEach((each) => each.remove());
            return region.checkVisibility() ? copy.textContent.trim() : '';
          };
          const hear = (region) => {
            const now = words(region);
            if (now && now !== last.get(region)) { said.push(now); }
            last.set(region, now);
          };
          const changed = (changes) => new Set(changes.flatMap(({ target, addedNodes }) => [
            (target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement)?.closest(regions),
            ...[...addedNodes].filter((node) => node.nodeType === Node.ELEMENT_NODE)
              .flatMap((node) => [node.matches(regions) && node, ...node.querySelectorAll(regions)]),
          ].filter(Boolean))).forEach(hear);
          [document, ...[...document.querySelectorAll('*')].flatMap(({ shadowRoot }) => shadowRoot ?? [])].forEach((root) => {
            root.querySelectorAll(regions).forEach((region) => last.set(region, words(region)));
            new MutationObserver(changed).observe(
              root, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['hidden', 'open'] });
          });
        }
        """;

    private static readonly string[] Minutes =
        ["Time left: 4:00", "Time left: 3:00", "Time left: 2:00", "Time left: 1:00", "Time left: 0:30"];

    [Test]
    public async Task On_the_computer_each_minute_is_said_the_last_half_and_the_end()
    {
        var (computer, app) = await ReadyAsync(Clock);
        await PauseAsync(computer);
        await app.IdentifyAsync();
        await computer.ShowsCodeAsync();
        await HideAsync(computer.Page, true); // or fresh codes would say how much time there is by the server's clock, which goes on
        await computer.Page.EvaluateAsync(Listen);
        await computer.Page.Clock.RunForAsync(30_000);
        Assert.That(await SaidAsync(computer.Page), Is.Empty);
        await computer.Page.Clock.RunForAsync(272_000);
        await Expect(computer.Notices).ToContainTextAsync("The request has expired.");
        Assert.That(await SaidAsync(computer.Page), Is.EqualTo(
            (string[])[.. Minutes, "The request has expired. Nobody was signed in. Start again on the phone."]));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task On_the_phone_too_and_once_where_its_user_changes_over_to_typing(bool types)
    {
        var (computer, _, phone) = await AskedAsync(Clock);
        await HideAsync(computer.Page, true);
        await HideAsync(phone.Page, true); // or the server, whose clock goes on, would tell it how much time there is
        await phone.SeesAsync("This device has no camera that the page can use.");
        await phone.Page.Clock.PauseAtAsync(DateTime.UtcNow.AddSeconds(5));
        await phone.Page.EvaluateAsync(Listen);
        await phone.Page.Clock.RunForAsync(130_000);
        if (types)
        {
            await phone.PressAsync("Type a code instead");
        }

        await phone.Page.Clock.RunForAsync(172_000);
        await Expect(phone.Page.GetByRole(AriaRole.Heading, new() { Name = "This sign-in took too long." })).ToBeFocusedAsync();
        Assert.That(await SaidAsync(phone.Page), Is.EqualTo(Minutes), "and the end by the title that has the focus");
    }

    private static Task<string[]> SaidAsync(IPage page) => page.EvaluateAsync<string[]>("() => window.said");
}
