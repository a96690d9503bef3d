using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Proxies;

/// <summary>
/// A site beside QrLogin: its first page is one with a sign-in and <c>&lt;qr-login&gt;</c> (the PC's own, served as the site's); everything
/// else answers with what the proxy has made of the request.
/// </summary>
internal sealed class Site : IAsyncDisposable
{
    /// <summary>A header that nothing of QrLogin's has.</summary>
    public const string Mark = "X-Site";

    private readonly WebApplication app;

    private Site(WebApplication app) => this.app = app;

    public Uri Address => new(app.Urls.Single());

    public static async Task<Site> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var pages = Path.Combine(TestDatabase.Root, "Server", "wwwroot");
        app.Use((context, next) =>
        {
            context.Response.Headers[Mark] = "here";
            return next(context);
        });
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(Path.Combine(pages, "computer")),
            RequestPath = "/computer",
        });
        app.UseRouting(); // after the files
        app.MapGet("/", () => Results.File(Path.Combine(pages, "index.html"), "text/html"));
        app.MapGet("/computer/visitor.js", () => Results.Text(
            "export const mayBeSignedIn = false;\nexport const provider = null;\n", "text/javascript"));
        app.MapFallback("{**path}", (HttpRequest request) => Results.Text(string.Join('\n', request.Headers
            .Where(header => header.Key != "Cookie") // the leak hunt reads what is answered
            .Select(header => $"{header.Key}: {header.Value}"))));
        await app.StartAsync();
        return new Site(app);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
