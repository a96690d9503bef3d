using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The sign-in for everyone: in Chinese, by a typed code, on a narrow screen, from right to left.</summary>
internal sealed class EveryoneTests : PageScene
{
    [Test]
    public async Task The_story_in_Chinese()
    {
        var app = Keep(new Phone(Server));
        var alice = await World.Admin.HasAccountAsync(app);
        var computer = await OpenComputerAsync(new() { Locale = "zh-CN" });
        await Expect(computer.Page.Locator("html")).ToHaveAttributeAsync("lang", "zh-CN");
        await computer.Screen.PictureAsync("zh-sign-in");
        await computer.Page.GetByLabel("用户名").FillAsync(alice.Username);
        await computer.Page.GetByLabel("密码").FillAsync(Account.Password);
        await computer.PressAsync("登录");
        await computer.SeesAsync("这台电脑已就绪");
        await computer.Screen.PictureAsync("zh-ready");
        var phone = new PhonePage(await OpenAsync("/phone", new() { Width = 390, Height = 844, Locale = "zh-CN" }));
        await phone.Page.GetByLabel("手机号").FillAsync(app.Number);
        await phone.Screen.PictureAsync("zh-phone-start");
        await phone.PressAsync("登录");
        await phone.SeesAsync("扫描电脑上的二维码");
        await phone.Screen.PictureAsync("zh-phone-scan");
        await computer.ShowsCodeAsync();
        await computer.Screen.PictureAsync("zh-attempt");
        await phone.Page.GetByLabel("拍照或选择照片").SetInputFilesAsync(
            new FilePayload { Name = "photo.png", MimeType = "image/png", Buffer = await computer.PhotographAsync() });
        await phone.SeesAsync("您已以 Alice 的身份登录");
        await phone.Screen.PictureAsync("zh-phone-done");
        await computer.SeesAsync("是您本人吗？");
        await computer.Screen.PictureAsync("zh-phone-admitted");
    }

    [Test]
    public async Task A_browser_in_Traditional_Chinese_gets_the_Simplified_words_marked_as_what_they_are()
    {
        var phone = await OpenAsync("/phone", new() { Locale = "zh-TW" });
        await Expect(phone.Page.GetByLabel("手机号")).ToBeVisibleAsync();
        await Expect(phone.Page.Locator("html")).ToHaveAttributeAsync("lang", "zh-CN");
        await Expect(phone.Page.GetByLabel("语言")).ToHaveValueAsync("zh-CN");
    }

    [Test]
    public async Task A_wrong_typed_code_says_so_and_scanning_goes_on()
    {
        var (computer, _, phone) = await AskedAsync();
        phone.Screen.MayHear("status of 400");
        await phone.PressAsync("Type a code instead");
        await phone.Page.GetByLabel("Code", new() { Exact = true }).FillAsync("0000 0000");
        await phone.PressAsync("Sign in");
        await phone.SeesAsync("That code is not right.");
        await phone.Screen.PictureAsync("phone-type-wrong");
        for (var i = 0; i < 4; i++)
        {
            await phone.PressAsync("Sign in");
            await Expect(phone.Page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        }

        await phone.SeesAsync("No more codes can be typed for this sign-in.");
        await phone.PressAsync("Scan instead");
        await phone.PhotographAsync(await computer.PhotographAsync());
        await phone.SeesAsync("You are signed in as Alice");
    }

    [TestCase(320, 640)]
    [TestCase(320, 256)] // 400 % of 1280 by 1024
    public async Task A_narrow_screen_shows_all_of_it(int width, int height)
    {
        var (computer, app, phone) = await AskedAsync(new() { Width = width, Height = height });
        await phone.Page.SetViewportSizeAsync(width, height);
        await AssertFitsAsync(computer.Page);
        await AssertFitsAsync(phone.Page);
        await phone.PhotographAsync(Convert.FromBase64String((await computer.ShowsCodeAsync())["data:image/png;base64,".Length..]));
        await phone.SeesAsync("You are signed in as Alice");
        await AssertFitsAsync(phone.Page);
        await Expect(computer.Notices).ToHaveCountAsync(1);
        await AssertFitsAsync(computer.Page);
        Assert.That(app.Token, Is.Null, "the page has signed in, not the test");
    }

    [Test]
    public async Task From_right_to_left_the_pages_are_mirrored_and_whole()
    {
        var (computer, _, phone) = await AskedAsync();
        foreach (var page in new[] { computer.Page, phone.Page })
        {
            await page.EvaluateAsync("() => { document.documentElement.dir = 'rtl'; }");
            await AssertFitsAsync(page);
        }

        await phone.Screen.PictureAsync("rtl-phone-scan");
        await computer.Screen.PictureAsync("rtl-attempt");
        await computer.PressAsync("Hide");
        await computer.Screen.PictureAsync("rtl-ready");
        var brand = await computer.Page.Locator(".brand").BoundingBoxAsync();
        var account = await computer.Page.Locator(".account").BoundingBoxAsync();
        Assert.That(brand!.X, Is.GreaterThan(account!.X), "the name of the page stands on the right");
    }

    [Test]
    public async Task The_phone_pages_address_is_there_as_a_code()
    {
        using var http = new HttpClient { BaseAddress = Server.Address };
        var png = await http.GetByteArrayAsync("/phone.png");
        Assert.That(QrReader.Read("data:image/png;base64," + Convert.ToBase64String(png)), Is.EqualTo($"{Origin}/phone"));
    }

    /// <summary>Nothing asks to be scrolled sideways (WCAG 1.4.10).</summary>
    private static async Task AssertFitsAsync(IPage page)
    {
        var room = await page.EvaluateAsync<int[]>(
            """
            () => {
              const dialog = document.querySelector('qr-login')?.shadowRoot.querySelector('dialog[open]') ?? document.documentElement;
              return [document.documentElement.scrollWidth, innerWidth, dialog.scrollWidth, dialog.clientWidth];
            }
            """);
        Assert.That(room[0], Is.LessThanOrEqualTo(room[1]), "the page's width");
        Assert.That(room[2], Is.LessThanOrEqualTo(room[3]), "the dialog's width");
    }
}
