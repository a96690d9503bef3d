using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using QrLogin.Sample;

// A pretend shop that has accounts and a sign-in of its own, and puts QrLogin in front of them: the PC's page shows codes, the phone's
// token opens the shop's API. What is QrLogin's business stands in QrLoginBackend, PhoneTokens and wwwroot/shop/shop.js.
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton<Users>().AddMemoryCache().AddHttpClient<QrLoginBackend>();
builder.Services.AddAuthentication("Shop")
    .AddCookie("Shop", cookie =>
    {
        cookie.Cookie.Name = "shop";
        cookie.Cookie.SameSite = SameSiteMode.Strict; // a page elsewhere neither signs in here nor asks for a hand-off
        cookie.Events.OnRedirectToLogin = context =>
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        };
    })
    .AddScheme<AuthenticationSchemeOptions, PhoneTokens>("Phone", null);
builder.Services.AddAuthorizationBuilder()
    .AddPolicy("Phone", policy => policy.AddAuthenticationSchemes("Phone").RequireAuthenticatedUser());

var app = builder.Build();
app.UseDefaultFiles().UseStaticFiles();

app.MapPost("/shop/sign-in", async (SignIn request, Users users, HttpContext context) =>
{
    if (users.Find(request.Name, request.Password) is not { } user)
    {
        return Results.Unauthorized();
    }

    await context.SignInAsync("Shop", new ClaimsPrincipal(new ClaimsIdentity([new Claim("id", user.Id)], "Shop")));
    return Results.NoContent();
});

app.MapPost("/shop/sign-out", async (ClaimsPrincipal who, QrLoginBackend qrLogin, HttpContext context) =>
{
    await qrLogin.SignOutAsync(who.FindFirstValue("id")!);
    await context.SignOutAsync("Shop");
    return Results.NoContent();
}).RequireAuthorization();

// Whose page this is; with the name that QrLogin knows the user by, so that the page sees whether it is signed in there already.
app.MapGet("/shop/me", (ClaimsPrincipal who, Users users, QrLoginBackend qrLogin) =>
{
    var user = users.Get(who.FindFirstValue("id")!);
    return new { user.Name, username = qrLogin.UsernameOf(user) };
}).RequireAuthorization();

// For the user of this very session, never for one whom the request names.
app.MapPost("/shop/hand-off", async (ClaimsPrincipal who, Users users, QrLoginBackend qrLogin) =>
    Results.Json(new { code = await qrLogin.OpenSessionAsync(users.Get(who.FindFirstValue("id")!)) })).RequireAuthorization();

// The API that the phone calls with its token.
app.MapGet("/shop/greeting", (ClaimsPrincipal who, Users users) =>
    new { greeting = $"Hello, {users.Get(who.FindFirstValue("id")!).Name}. Your kettle is on its way." }).RequireAuthorization("Phone");

await app.RunAsync();

internal sealed record SignIn(string Name, string Password);
