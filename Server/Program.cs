using QrLogin.Server.Accounts;
using QrLogin.Server.Backend;
using QrLogin.Server.Clients;
using QrLogin.Server.Connect;
using QrLogin.Server.Descriptions;
using QrLogin.Server.Http;
using QrLogin.Server.Identify;
using QrLogin.Server.OAuth;
using QrLogin.Server.Present;
using QrLogin.Server.Redeem;
using QrLogin.Server.Sessions;
using QrLogin.Server.Storage;

try
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

    if (args is ["migrate", ..])
    {
        return Migrations.Run(builder.Configuration);
    }

    builder.AddHttp();
    builder.Services
        .AddStorage(builder.Configuration)
        .AddSessions()
        .AddAccounts()
        .AddOidc()
        .AddClients()
        .AddConnect()
        .AddIdentify()
        .AddPresent()
        .AddRedeem()
        .AddOAuth()
        .AddDescriptions();

    var app = builder.Build();

    app.UseHttp();
    app.UseConnect();
    app.MapHealth();
    app.MapPages();
    app.MapAppLinks();
    app.MapDescriptions();
    app.MapSignIn();      // 0  the user signs in on the PC
    app.MapHandoff();     //    or has signed in at the site, whose backend says so
    app.MapBackend();
    app.MapOidc();        //    or signs in at its OpenID Connect provider
    app.MapConnect();     // 1  the PC's page opens its socket
    app.MapIdentify();    // 2  the phone says who it is
    app.MapStatus();      //    and asks how it stands
    app.MapPresent();     // 3  a QR code is on the PC's screen
    app.MapRedeem();      // 4  the phone redeems what it scanned
    app.MapSessions();    // 5  both are signed in
    app.MapOAuth();       //    and the site's services know the phone by its token

    await app.RunAsync();
    return 0;
}
catch (Exception e) when (StartFault.Of(e) is { } fault)
{
    await Console.Error.WriteLineAsync($"QrLogin does not start. {fault}");
    return 1;
}
