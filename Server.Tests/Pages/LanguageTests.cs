using Microsoft.Playwright;
using QrLogin.Server.Tests.Actors;
using static Microsoft.Playwright.Assertions;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The language that the user chooses at the foot of a page, and what the page still knows in the other one.</summary>
internal sealed class LanguageTests : PageScene
{
    [Test]
    public async Task The_language_can_be_chosen_and_is_remembered()
    {
        var computer = await OpenComputerAsync();
        await computer.Page.GetByLabel("Language").SelectOptionAsync("zh-CN");
        await computer.SeesAsync("用户名");
        await computer.Page.ReloadAsync();
        await computer.SeesAsync("用户名");
        await computer.Page.GetByLabel("语言").SelectOptionAsync("en");
        await computer.SeesAsync("User name");
    }

    [Test]
    public async Task A_half_typed_user_name_stays_and_no_password()
    {
        var computer = await OpenComputerAsync();
        await computer.Page.GetByLabel("User name").FillAsync("half.ty");
        await computer.Page.GetByLabel("Password").FillAsync(Account.Password);
        await ChooseChineseAsync(computer.Page);
        await Expect(computer.Page.GetByLabel("用户名")).ToHaveValueAsync("half.ty");
        await Expect(computer.Page.GetByLabel("密码")).ToHaveValueAsync("");
        await computer.Page.ReloadAsync();
        await Expect(computer.Page.GetByLabel("用户名")).ToHaveValueAsync("");
    }

    [Test]
    public async Task A_half_typed_number_stays()
    {
        var phone = await OpenPhoneAsync();
        await phone.Page.GetByLabel("Phone number").FillAsync("+86 138 00");
        await ChooseChineseAsync(phone.Page);
        await Expect(phone.Page.GetByLabel("手机号")).ToHaveValueAsync("+86 138 00");
    }

    [Test]
    public async Task A_number_that_is_being_changed_stays_and_one_that_is_not_is_not_asked_for()
    {
        var (_, app, phone) = await AskedAsync();
        await phone.PressAsync("Cancel");
        await phone.SeesAsync($"Asks as {app.Number}");
        await ChooseChineseAsync(phone.Page);
        await phone.SeesAsync($"以 {app.Number} 请求");
        await Expect(phone.Page.GetByLabel("手机号")).ToBeHiddenAsync();
        await phone.PressAsync("更改");
        await phone.Page.GetByLabel("手机号").FillAsync("+86");
        await phone.Page.GetByLabel("语言").SelectOptionAsync("en");
        await Expect(phone.Page.GetByLabel("Phone number")).ToHaveValueAsync("+86");
    }

    [Test]
    public async Task A_half_typed_code_stays_where_it_was_typed()
    {
        var (_, _, phone) = await AskedAsync();
        await phone.PressAsync("Type a code instead");
        await phone.Page.GetByLabel("Code", new() { Exact = true }).FillAsync("7KQ4-9");
        await ChooseChineseAsync(phone.Page);
        await Expect(phone.Page.Locator("#code")).ToHaveValueAsync("7KQ4-9");
        await phone.PressAsync("改为扫描");
        await phone.Page.ReloadAsync();
        await phone.SeesAsync("扫描电脑上的二维码");
    }

    [Test]
    public async Task A_dialog_that_was_hidden_stays_hidden()
    {
        var (computer, app) = await ReadyAsync();
        await app.IdentifyAsync();
        await computer.ShowsCodeAsync();
        await computer.PressAsync("Hide");
        await ChooseChineseAsync(computer.Page);
        var show = computer.Page.GetByRole(AriaRole.Button, new() { Name = "有手机在等待" });
        await Expect(show).ToBeVisibleAsync();
        await Expect(computer.Dialog).ToBeHiddenAsync();
        await show.ClickAsync();
        await computer.ShowsCodeAsync();
    }

    /// <summary>The page is there in Chinese, and nothing is kept any longer.</summary>
    private static async Task ChooseChineseAsync(IPage page)
    {
        await page.GetByLabel("Language").SelectOptionAsync("zh-CN");
        await Expect(page.GetByLabel("语言")).ToBeVisibleAsync();
        Assert.That(await page.EvaluateAsync<int>("() => sessionStorage.length"), Is.Zero);
    }
}
