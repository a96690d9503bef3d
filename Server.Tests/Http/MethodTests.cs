using System.Text;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Http;

/// <summary>T17: each route with each method, and each body with each media type.</summary>
internal sealed class MethodTests
{
    /// <summary>What is no JSON in UTF-8, however near it comes.</summary>
    private static readonly string[] WrongTypes =
    [
        "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1", "application/json; charset=utf-7", "application/json; charset=",
        "application/json;;charset",
        "application/problem+json", "application/vnd.qrlogin+json", "application/jsonp", "application/json, text/plain", "json", "*/*",
        "application/*", "application/json\u0001", "; charset=utf-8", " ", "a/b/c",
    ];

    private static readonly string[] RightTypes =
    [
        "application/json", "APPLICATION/JSON", "application/json;", "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "application/json; odata=verbose",
    ];

    [Test]
    public async Task A_method_that_a_route_does_not_take_is_405_and_says_which_it_takes()
    {
        using var browser = new Browser(World.Server);
        foreach (var route in Routes.Of(World.Server))
        {
            foreach (var method in Route.AllMethods.Except(route.Methods).Where(each => each != "HEAD"))
            {
                var answer = await browser.CallAsync(new HttpMethod(method), route.Path);
                Assert.That((answer.Status, answer.Code), Is.EqualTo((405, "method_not_allowed")), $"{method} {route} {answer.Text}");
                Assert.That(
                    answer.Header("Allow")?.Split(", ").Where(each => each != "HEAD"),
                    Is.EquivalentTo(route.Methods.Where(each => each != "HEAD")), $"{method} {route}");
            }
        }
    }

    [Test]
    public async Task A_body_of_another_media_type_is_415_and_of_the_right_one_is_read()
    {
        using var http = new HttpClient { BaseAddress = World.Server.Address };
        using var site = await SiteBackend.NewAsync(World.Server);
        await site.CodeAsync(Routes.Id);
        var routes = Routes.Of(World.Server).Where(each => each.ReadsJson).ToList();
        Assert.That(routes, Has.Count.GreaterThanOrEqualTo(3));
        foreach (var route in routes)
        {
            async Task AssertAsync(int status, params string[] types)
            {
                var content = new ByteArrayContent(Encoding.UTF8.GetBytes("[]"));
                Assert.That(types, Is.All.Matches<string>(type => content.Headers.TryAddWithoutValidation("Content-Type", type)));
                var answer = await http.CallAsync(HttpMethod.Post, route.Path, content, ("Authorization", site.Authorization));
                Assert.That(answer.Status, Is.EqualTo(status), $"{route} {string.Join(" | ", types)} {answer.Text}");
                Assert.That(answer.Code, Is.EqualTo(status == 415 ? "unsupported_media_type" : "invalid_request"));
            }

            await AssertAsync(415);
            await AssertAsync(415, "application/json", "text/plain");
            foreach (var type in WrongTypes)
            {
                await AssertAsync(415, type);
            }

            foreach (var type in RightTypes)
            {
                await AssertAsync(400, type);
            }
        }
    }

    [TestCase("; charset=utf-7", 415)]
    [TestCase("; charset=utf-16", 415)]
    [TestCase("; charset=iso-8859-1", 415)]
    [TestCase("; charset=\"UTF-8\"", 200)]
    [TestCase("", 200)]
    public async Task A_form_is_read_in_UTF_8(string charset, int status)
    {
        using var site = await SiteBackend.NewAsync(World.Server);
        foreach (var path in new[] { "/oauth/introspect", "/oauth/revoke" })
        {
            var form = new ByteArrayContent(Encoding.UTF8.GetBytes("token=a"));
            form.Headers.TryAddWithoutValidation("Content-Type", $"application/x-www-form-urlencoded{charset}");
            Assert.That((await site.CallAsync(HttpMethod.Post, path, form)).Status, Is.EqualTo(status), path);
        }
    }
}
