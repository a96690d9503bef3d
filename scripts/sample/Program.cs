using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using QrLogin.Sample;

// A pretend shop that has accounts and a sign-in of its own, and puts QrLogin in front of them: the PC's page shows codes, the phone's
// token opens the shop's API. What is QrLogin's business stands in QrLoginBackend, PhoneTokens and wwwroot/shop/shop.js.
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddProblemDetails();
builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider(); // a real shop keeps its keys
builder.Services.ConfigureHttpJsonOptions(json =>
{
    json.SerializerOptions.RespectNullableAnnotations = true;
    json.SerializerOptions.RespectRequiredConstructorParameters = true;
});
builder.Services.AddOptions<QrLoginOptions>().BindConfiguration("QrLogin").ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddSingleton<Users>().AddHttpClient<QrLoginBackend>();
builder.Services.AddMemoryCache(cache => cache.SizeLimit = 10_000); // anybody can invent tokens
builder.Services.AddSingleton<ITicketStore, Sessions>()
    .AddOptions<CookieAuthenticationOptions>("Shop").Configure<ITicketStore>((cookie, sessions) => cookie.SessionStore = sessions);
builder.Services.AddAuthentication("Shop")
    .AddCookie("Shop", cookie =>
    {
        cookie.Cookie.Name = "shop"; // Secure where the proxy says that the page came by https
        cookie.Cookie.SameSite = SameSiteMode.Strict; // a page elsewhere neither signs in here nor asks for a hand-off
        cookie.ExpireTimeSpan = TimeSpan.FromHours(12); // and 12 h more at QrLogin, from the last hand-off
        cookie.SlidingExpiration = false;
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
app.UseExceptionHandler(new ExceptionHandlerOptions
{
    StatusCodeSelector = e => e is HttpRequestException or TaskCanceledException // QrLogin does not answer
        ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError,
});
app.UseDefaultFiles().UseStaticFiles();

app.MapPost("/shop/sign-in", async (SignIn request, Users users, HttpContext context) =>
{
    if (users.Find(request.Name, request.Password) is not { } user)
    {
        return Results.Unauthorized();
    }

    await context.SignInAsync("Shop", new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user.Id)], "Shop")));
    return Results.NoContent();
});

app.MapPost("/shop/sign-out", async (ClaimsPrincipal who, QrLoginBackend qrLogin, HttpContext context) =>
{
    await context.SignOutAsync("Shop"); // first: it needs nobody else
    await qrLogin.SignOutAsync(IdOf(who)); // a real shop tries again later where this fails
    return Results.NoContent();
}).RequireAuthorization();

// Whose page this is; with the name that QrLogin knows the user by, so that the page sees whether it is signed in there already.
app.MapGet("/shop/me", (ClaimsPrincipal who, Users users, QrLoginBackend qrLogin) =>
{
    var user = users.Get(IdOf(who));
    return new { user.Name, username = qrLogin.UsernameOf(user) };
}).RequireAuthorization();

// For the user of this very session, never for one whom the request names.
app.MapPost("/shop/hand-off", async (ClaimsPrincipal who, Users users, QrLoginBackend qrLogin) =>
    new { code = await qrLogin.OpenSessionAsync(users.Get(IdOf(who))) }).RequireAuthorization();

// The API that the phone calls with its token.
app.MapGet("/shop/greeting", (ClaimsPrincipal who, Users users) =>
    new { greeting = $"Hello, {users.Get(IdOf(who)).Name}. Your kettle is on its way." }).RequireAuthorization("Phone");

await app.RunAsync();

static string IdOf(ClaimsPrincipal who) => who.FindFirstValue(ClaimTypes.NameIdentifier)!;

internal sealed record SignIn(string Name, string Password);
