using System.Globalization;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>
/// The hands of who has no mouse: with Tab from control to control. At each stop the focus must be seen (WCAG 2.4.7, 2.4.11, 1.4.11): a
/// ring of two pixels that stands out 3 to 1 from what it lies on, cut off by nothing, around a control that nothing covers. One test, one
/// thread.
/// </summary>
internal sealed class Hands(IPage page)
{
    private const int MostStops = 40;

    /// <summary>
    /// <c>controls()</c>: all that can be pressed or filled in now, in the order of the page, into shadow trees and of an open dialog
    /// alone; <c>focused()</c>; <c>target(control)</c>: the box that stands for it on the screen, which of a file's field is its label.
    /// </summary>
    internal const string Controls =
        """
        const within = (root) => [...root.querySelectorAll('*')].flatMap((element) => [
          ...element.matches('a[href], button, input, select, textarea, summary, [tabindex="0"]') && element.checkVisibility()
            ? [element] : [],
          ...element.shadowRoot ? within(element.shadowRoot) : []]);
        const controls = () => within(document.querySelector('qr-login')?.shadowRoot.querySelector('dialog:modal') ?? document);
        const focused = () => {
          let element = document.activeElement;
          while (element?.shadowRoot?.activeElement) { element = element.shadowRoot.activeElement; }
          return element;
        };
        const target = (control) => control.type === 'file' ? control.labels[0] : control;
        const name = (control) => (control.getAttribute('aria-label')
          ?? (control.labels?.[0]?.querySelector('span') ?? control.labels?.[0] ?? control).textContent).trim();
        """;

    private const string Stop =
        "() => {" + Controls +
        """
          const above = (element) => element.parentElement ?? element.getRootNode().host;
          const light = (color) => color.map((part) => part / 255)
            .map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
            .reduce((sum, part, i) => sum + part * [.2126, .7152, .0722][i], 0);
          const parts = (color) => color.match(/[\d.]+/g).map(Number);
          const fault = (shown) => {
            const { outlineStyle, outlineWidth, outlineOffset, outlineColor } = getComputedStyle(shown);
            if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) { return 'no ring'; }
            const room = parseFloat(outlineWidth) + parseFloat(outlineOffset);
            const { left, top, right, bottom } = shown.getBoundingClientRect();
            if (left < room || top < room || right + room > innerWidth || bottom + room > innerHeight) { return 'beyond the screen'; }
            let ground;
            for (let element = above(shown); element; element = above(element)) {
              const style = getComputedStyle(element);
              const [r, g, b, alpha = 1] = parts(style.backgroundColor);
              ground ??= alpha === 1 ? [r, g, b] : undefined;
              const box = element.getBoundingClientRect();
              const isCut = left - room < box.left || right + room > box.right || top - room < box.top || bottom + room > box.bottom;
              if (style.overflowX !== 'visible' && isCut) { return `cut off by ${element.className || element.tagName}`; }
            }
            const [a, b] = [light(parts(outlineColor).slice(0, 3)), light(ground)].sort((x, y) => y - x);
            if ((a + .05) / (b + .05) < 3) { return 'a ring that does not stand out'; }
            const seen = [[.5, .5], [.1, .1], [.9, .1], [.1, .9], [.9, .9]].some(([x, y]) => {
              const point = [left + x * (right - left), top + y * (bottom - top)];
              let hit = document.elementFromPoint(...point);
              for (let inner; (inner = hit?.shadowRoot?.elementFromPoint(...point)) && inner !== hit;) { hit = inner; }
              return shown.contains(hit);
            });
            return seen ? '' : 'covered';
          };
          const control = focused();
          if (!control || control === document.body) { return ['', '', '-1']; }
          const i = controls().indexOf(control);
          return [name(control), i < 0 ? '' : fault(target(control)), String(i)];
        }
        """;

    /// <summary>By the Tab key to the control of that name.</summary>
    public async Task ReachAsync(string name)
    {
        for (var i = 0; i < MostStops; i++)
        {
            if ((await StopAsync()).Name == name)
            {
                return;
            }

            await page.Keyboard.PressAsync("Tab");
        }

        Assert.Fail($"The Tab key does not reach \"{name}\".");
    }

    /// <summary>To the control of that name, and presses it.</summary>
    public async Task PressAsync(string name, string key = "Enter")
    {
        await ReachAsync(name);
        await page.Keyboard.PressAsync(key);
    }

    /// <summary>The focus is at this title, from which its user goes on.</summary>
    public Task StandAtAsync(string title) =>
        Expect(page.GetByRole(AriaRole.Heading, new() { Name = title, Exact = true })).ToBeFocusedAsync();

    /// <summary>Once around: the Tab key reaches every control that is there, in the order of the page, and leaves each.</summary>
    /// <returns>How many there are.</returns>
    public async Task<int> WalkAsync()
    {
        var names = await page.EvaluateAsync<string[]>("() => {" + Controls + " focused()?.blur(); return controls().map(name); }");
        List<int> stops = [];
        for (var i = 0; i < MostStops && stops.Distinct().Count() < names.Length; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            var (_, index) = await StopAsync();
            if (index >= 0)
            {
                stops.Add(index);
            }
        }

        var start = stops.IndexOf(0);
        Assert.That(start, Is.GreaterThanOrEqualTo(0), $"Tab reaches the first of {string.Join(", ", names)}");
        var round = stops[start..].Concat(stops[..start]);
        Assert.That(round.Select(i => names[i]), Is.EqualTo(names), "Tab goes from control to control");
        return names.Length;
    }

    private async Task<(string Name, int Index)> StopAsync()
    {
        var stop = await page.EvaluateAsync<string[]>(Stop);
        Assert.That(stop[1], Is.Empty, $"how the focus is seen on \"{stop[0]}\"");
        return (stop[0], int.Parse(stop[2], CultureInfo.InvariantCulture));
    }
}
