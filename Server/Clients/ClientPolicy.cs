using Microsoft.AspNetCore.Authentication;
using QrLogin.Server.Http;

namespace QrLogin.Server.Clients;

/// <summary>What a call asks of the client that makes it.</summary>
internal static class ClientPolicy
{
    public const string ScopeClaim = "scope";

    /// <param name="scope">Out of <see cref="ClientScope"/>.</param>
    public static TBuilder RequireClient<TBuilder>(this TBuilder builder, string scope) where TBuilder : IEndpointConventionBuilder =>
        builder
            .RequireAuthorization(policy => policy
                .AddAuthenticationSchemes(ClientAuthentication.SchemeName)
                .RequireAuthenticatedUser()
                .RequireClaim(ScopeClaim, scope))
            .SecuredBy(["client"], Problem.ClientRequired, Problem.ScopeRequired, Problem.TooManyRequests, Problem.Unavailable);

    public static IServiceCollection AddClients(this IServiceCollection services) => services
        .Configure<AuthenticationOptions>(options => options.AddScheme<ClientAuthentication>(ClientAuthentication.SchemeName, null))
        .AddTransient<ClientAuthentication>()
        .AddSingleton<ClientStore>();
}
