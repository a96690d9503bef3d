using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Serilog;
using Serilog.Events;

namespace QrLogin.Server.Http;

/// <summary>What holds for every call: limits, JSON, problem+json, headers, the log line.</summary>
internal static class HttpSetup
{
    private const int MaxBodyBytes = 8 * 1024;

    public static WebApplicationBuilder AddHttp(this WebApplicationBuilder builder)
    {
        // What a proxy takes for one header must not be two here (RFC 9112 §2.2 lets a server choose).
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            var descriptors = kestrel.ApplicationServices.GetRequiredService<Descriptors>();
            kestrel.ConfigureEndpointDefaults(listen => listen.Use(next => connection => descriptors.HoldAsync(next, connection)));
        });
        builder.Host.UseSerilog(
            (context, logger) => logger.ReadFrom.Configuration(context.Configuration)
                // It would write whole addresses, in whose queries clients have put what they should not.
                .MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", LogEventLevel.Warning)
                // It would write whole addresses with states and codes, and the cookies of a sign-in that is under way.
                .MinimumLevel.Override("Microsoft.AspNetCore.Authentication.OpenIdConnect", LogEventLevel.Fatal)
                .Enrich.With<LogText>(),
            preserveStaticLogger: true);
        builder.Services
            .Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(8))
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
            .AddPages()
            .AddNumbers<LimitOptions>(LimitOptions.Section)
            .AddSingleton<FailureLimits>()
            .AddSingleton<Descriptors>()
            .AddSingleton<IConfigureOptions<ForwardedHeadersOptions>, TrustedProxies>()
            .AddSingleton<IValidateOptions<SiteOptions>, SiteOptions>()
            .AddSingleton<IValidateOptions<AppOptions>, AppOptionsCheck>()
            .AddSingleton<IValidateOptions<OidcOptions>, OidcOptionsCheck>();
        builder.Services.AddOptions<SiteOptions>().Bind(builder.Configuration).ValidateOnStart();
        builder.Services.AddOptions<AppOptions>().Bind(builder.Configuration.GetSection(AppOptions.Section)).ValidateOnStart();
        builder.Services.AddOptions<OidcOptions>().Bind(builder.Configuration.GetSection(OidcOptions.Section)).ValidateOnStart();
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
            options.Logger = app.Services.GetRequiredService<Serilog.ILogger>();
            options.MessageTemplate = "{RequestMethod} {Route} {StatusCode} in {Elapsed:0.0} ms";
            options.EnrichDiagnosticContext = (log, context) => log.Set("Route", Endpoint(context)?.RoutePattern.RawText ?? "(no route)");
            options.GetLevel = (context, _, fault) => fault is not null || context.Response.StatusCode >= 500 ? LogEventLevel.Error
                : Endpoint(context) is null && context.Response.StatusCode < 400 ? LogEventLevel.Debug // a file of a page
                : LogEventLevel.Information;
        });
        app.UseResponseHeaders();
        app.UseExceptionHandler();
        app.UseRouting();
        app.UseStatusCodePages();
        // Files come whole or, by their ETag, not at all (RFC 9110 §14.2 lets a server ignore Range): no 206, 412 or 416.
        app.Use((context, next) =>
        {
            foreach (var header in (string[])[HeaderNames.Range, HeaderNames.IfRange, HeaderNames.IfMatch, HeaderNames.IfUnmodifiedSince])
            {
                context.Request.Headers.Remove(header);
            }

            return next(context);
        });
        // A call that reads no body would not know that it is too large.
        app.Use((context, next) => context.Request.ContentLength > MaxBodyBytes ? Problem.BodyTooLarge.Result().ExecuteAsync(context)
            : !TakesBody(context) ? Problem.UnsupportedMediaType.Result().ExecuteAsync(context)
            : next(context));
        app.UseRateLimiter();
        app.UsePageFiles();
        app.UseAuthorization(); // named here, or it would stand before all of this
        return app;
    }

    /// <summary>Where a body is read, it is JSON (RFC 8259 §8.1) or a form, in UTF-8; the framework would read others.</summary>
    private static bool TakesBody(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is not { ContentTypes: [var taken] }
            || context.Request.ContentType is not { } given)
        {
            return true;
        }

        context.Request.ContentType = taken; // the framework need not read it again, and differently
        return MediaTypeHeaderValue.TryParse(given, out var type)
            && type.MediaType.Equals(taken, StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
    }

    private static RouteEndpoint? Endpoint(HttpContext context) =>
        (context.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? context.GetEndpoint()) as RouteEndpoint;
}
