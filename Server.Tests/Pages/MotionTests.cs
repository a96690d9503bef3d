using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>Who has asked the system for less motion gets none: nothing moves for longer than a blink. For others something does.</summary>
internal sealed class MotionTests : PageScene
{
    /// <summary>In seconds.</summary>
    private const double Blink = 0.1;

    private const string Watch =
        """
        () => {
          window.moved = [];
          const roots = [document, ...[...document.querySelectorAll('*')].flatMap(({ shadowRoot }) => shadowRoot ?? [])];
          roots.forEach((root) => ['transitionrun', 'animationstart'].forEach((type) => root.addEventListener(type, ({ target }) => {
            target.getAnimations({ subtree: true }).forEach((each) => window.moved.push(each.effect.getComputedTiming().duration / 1000));
          })));
        }
        """;

    /// <summary>In seconds, the longest that anything has moved, or may by its style or does by a script.</summary>
    private const string Longest =
        """
        () => {
          const within = (root) =>
            [...root.querySelectorAll('*')].flatMap((each) => [each, ...each.shadowRoot ? within(each.shadowRoot) : []]);
          const seconds = (list) => list.split(',').map(parseFloat);
          const styles = within(document)
            .flatMap((each) => ['', '::before', '::after', '::backdrop'].map((part) => getComputedStyle(each, part)));
          const scripted = document.getAnimations().map((each) => Number(each.effect.getComputedTiming().duration) / 1000);
          return Math.max(0, ...window.moved, ...scripted, ...styles.flatMap((style) => [
            ...seconds(style.transitionDuration || '0s'), ...style.animationName === 'none' ? [] : seconds(style.animationDuration || '0s'),
            ...style.scrollBehavior === 'smooth' ? [1] : []]));
        }
        """;

    [TestCase(ReducedMotion.Reduce, false)]
    [TestCase(ReducedMotion.NoPreference, true)]
    public async Task What_moves_is_what_the_user_wants(ReducedMotion wish, bool moves)
    {
        var (computer, app) = await ReadyAsync();
        var phone = await OpenPhoneAsync();
        await WishAsync(computer.Page);
        await WishAsync(phone.Page);
        await MovesAsync(computer.Page, "Sign out");
        await MovesAsync(phone.Page, "Sign in");

        await phone.AskAsync(app.Number);
        await phone.ScansAsync();
        await MovesAsync(phone.Page, "Cancel");
        await computer.ShowsCodeAsync();
        await computer.Page.GetByRole(AriaRole.Button, new() { Name = "Not me" }).HoverAsync();
        var dialog = await computer.Page.EvaluateAsync<double>(Longest);
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Alice");
        await MovesAsync(phone.Page, "Sign out");
        await Expect(computer.Notices).ToHaveCountAsync(1);
        if (!moves)
        {
            Assert.That(new[] { dialog, await computer.Page.EvaluateAsync<double>(Longest) }, Is.All.LessThan(Blink));
        }

        async Task WishAsync(IPage page)
        {
            await page.EmulateMediaAsync(new() { ReducedMotion = wish });
            await page.EvaluateAsync(Watch);
        }

        async Task MovesAsync(IPage page, string button)
        {
            await page.EvaluateAsync("() => { window.moved.length = 0; }");
            await page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).HoverAsync();
            if (moves)
            {
                await page.WaitForFunctionAsync("() => window.moved.length > 0");
            }

            Assert.That(await page.EvaluateAsync<double>(Longest), moves ? Is.GreaterThan(Blink) : Is.LessThan(Blink), button);
        }
    }
}
