using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Options;
using Serilog;

namespace QrLogin.Server.Http;

/// <summary>What holds for every call: limits, JSON, problem+json, caching, the log line.</summary>
internal static class HttpSetup
{
    private const int MaxBodyBytes = 8 * 1024;

    public static WebApplicationBuilder AddHttp(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        });
        builder.Host.UseSerilog((context, logger) => logger.ReadFrom.Configuration(context.Configuration));
        builder.Services
            .Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10))
            .Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true)
            .ConfigureHttpJsonOptions(json =>
            {
                json.SerializerOptions.PropertyNameCaseInsensitive = false;
                json.SerializerOptions.AllowDuplicateProperties = false;
                json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            })
            .AddSingleton<IProblemDetailsWriter, ProblemWriter>()
            .AddProblemDetails()
            .AddExceptionHandler<ProblemExceptionHandler>()
            .AddValidation()
            .AddSingleton<IConfigureOptions<ForwardedHeadersOptions>, TrustedProxies>()
            .AddSingleton<IValidateOptions<SiteOptions>, SiteOptions>()
            .AddOptions<SiteOptions>().Bind(builder.Configuration).ValidateOnStart();
        return builder;
    }

    /// <exception cref="OptionsValidationException">The configuration is wrong: known here, before the host starts anything.</exception>
    public static WebApplication UseHttp(this WebApplication app)
    {
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        app.UseForwardedHeaders();
        // The route, not the path: what a client wrote into the path stays out of the log.
        app.UseSerilogRequestLogging(options =>
        {
            options.MessageTemplate = "{RequestMethod} {Route} {StatusCode} in {Elapsed:0.0} ms";
            options.EnrichDiagnosticContext = (log, context) => log.Set("Route", Endpoint(context)?.RoutePattern.RawText ?? "(no route)");
        });
        app.Use((context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.CacheControl = "no-store";
                return Task.CompletedTask;
            });
            return next(context);
        });
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseWebSockets();
        app.UseAuthorization(); // named here, or it would stand before all of this
        return app;
    }

    private static RouteEndpoint? Endpoint(HttpContext context) =>
        (context.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? context.GetEndpoint()) as RouteEndpoint;
}
