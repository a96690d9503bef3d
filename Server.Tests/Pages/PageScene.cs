using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Pages;

/// <summary>A test whose people have accounts, computers and phones. One instance a test, on one thread.</summary>
internal abstract class PageScene : PageTest
{
    /// <summary>A screen whose clock the test moves on.</summary>
    protected static readonly ScreenOptions Clock = new() { WithClock = true };
    private static readonly ScreenOptions Handset = new() { Width = 390, Height = 844 };
    private readonly List<IDisposable> kept = [];

    protected static string Origin => Server.PublicOrigin;

    /// <summary>A computer at the sign-in.</summary>
    protected async Task<ComputerPage> OpenComputerAsync(ScreenOptions? options = null) => new(await OpenAsync("/", options));

    /// <summary>Another tab of the same browser.</summary>
    protected async Task<ComputerPage> OpenTabAsync(ComputerPage beside) => new(await OpenTabAsync(beside.Screen, "/"));

    /// <inheritdoc cref="OpenTabAsync(ComputerPage)"/>
    protected async Task<PhonePage> OpenTabAsync(PhonePage beside, string address) => new(await OpenTabAsync(beside.Screen, address));

    /// <summary>A phone on which nobody has signed in; it has no camera.</summary>
    protected async Task<PhonePage> OpenPhoneAsync(bool withClock = false) =>
        new(await OpenAsync("/phone", Handset with { WithClock = withClock }));

    /// <summary>One whose camera sees the film.</summary>
    protected async Task<PhonePage> OpenPhoneAsync(Film camera, bool isAllowed = true) =>
        new(await OpenAsync("/phone", Handset with { Camera = camera, MayUseCamera = isAllowed }));

    /// <summary>
    /// A user at a computer that is ready, and an app that is bound to the account: the app's calls are made by the test, where no page of
    /// a phone is looked at.
    /// </summary>
    protected async Task<(ComputerPage Computer, Phone App)> ReadyAsync(
        ScreenOptions? options = null, params (string Kind, string Value)[] identifiers)
    {
        var app = Keep(new Phone(Server, identifiers));
        var alice = await World.Admin.HasAccountAsync(app);
        var computer = await OpenComputerAsync(options);
        await computer.SignInAsync(alice);
        await computer.ReadyAsync();
        return (computer, app);
    }

    /// <summary>The same, with a phone's page on which the app's number was given: its code is on the computer's screen.</summary>
    protected async Task<(ComputerPage Computer, Phone App, PhonePage Phone)> AskedAsync(ScreenOptions? options = null)
    {
        var (computer, app) = await ReadyAsync(options);
        var phone = await OpenPhoneAsync(options?.WithClock ?? false);
        await phone.AskAsync(app.Number);
        await phone.ScansAsync();
        await computer.ShowsCodeAsync();
        return (computer, app, phone);
    }

    /// <summary>The codes that have been shown to this phone are older than a minute now.</summary>
    protected static Task<int> ExpireTicketsAsync(Phone app) => World.Admin.ExecuteAsync(
        """
        update login_ticket t set created_at = t.created_at - interval '61 s', expires_at = t.expires_at - interval '61 s'
        from login_attempt a where a.id = t.attempt_id and @key = any(a.identifiers)
        """, new { key = $"phone:{app.Number}" });

    /// <summary>Headless Chromium shows every tab: this one is told that it is hidden.</summary>
    protected static async Task HideAsync(IPage page, bool isHidden) => await page.EvaluateAsync(
        """
        (isHidden) => {
          Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => isHidden ? 'hidden' : 'visible' });
          document.dispatchEvent(new Event('visibilitychange'));
        }
        """, isHidden);

    /// <summary>Stops its clock: from now on only <see cref="IClock.RunForAsync(long)"/> moves it.</summary>
    protected static Task PauseAsync(ComputerPage computer) => computer.Page.Clock.PauseAtAsync(DateTime.UtcNow.AddSeconds(5));

    /// <summary>A page that is ready, and whose clock stands. Its socket is the real one until the test closes it.</summary>
    protected async Task<(ComputerPage Computer, Func<int, Task> Closing)> OpenWithScriptedCloseAsync(params Phone[] phones)
    {
        IWebSocketRoute? socket = null;
        var computer = await OpenComputerAsync(Clock);
        await computer.Page.RouteWebSocketAsync("**/connect", route =>
        {
            socket = route;
            route.ConnectToServer();
        });
        await computer.Page.ReloadAsync();
        await computer.SignInAsync(await World.Admin.HasAccountAsync(phones));
        await computer.ReadyAsync();
        await PauseAsync(computer);
        return (computer, code => socket!.CloseAsync(new() { Code = code }));
    }

    /// <summary>It is disposed with the test.</summary>
    protected T Keep<T>(T disposable) where T : IDisposable
    {
        kept.Add(disposable);
        return disposable;
    }

    [TearDown]
    public void Release() => kept.ForEach(each => each.Dispose());
}
