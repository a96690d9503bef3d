using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;
using QrLogin.Server.Accounts;
using QrLogin.Server.Clients;
using QrLogin.Server.Http;

namespace QrLogin.Server.Backend;

/// <summary>The site's user whom a call's address names; a parameter of this type is the calling client's account of that id.</summary>
internal sealed partial record SiteUser(Guid AccountId, string ExternalId) : IEndpointParameterMetadataProvider
{
    public const string IdPattern = @"^(?!\.{1,2}$)[A-Za-z0-9._~@+:|=,!$'()*-]{1,128}$";

    /// <summary>What an id may consist of, so that it stands in an address as it is; . and .. are steps of a path.</summary>
    public const string IdRule = "Give 1 to 128 of A-Z a-z 0-9 . _ ~ @ + : | = , ! $ ' ( ) * -, but not . or ..";

    /// <summary>Minimal APIs' binding.</summary>
    /// <exception cref="BadHttpRequestException">404: the client has no such account.</exception>
    public static async ValueTask<SiteUser?> BindAsync(HttpContext context)
    {
        var externalId = context.GetRouteValue("externalId") as string;
        var accounts = context.RequestServices.GetRequiredService<SiteAccounts>();
        var accountId = IsId(externalId)
            ? await accounts.FindAsync(context.Features.Get<Client>()!.Name, externalId!) : null;
        return new SiteUser(
            accountId ?? throw new BadHttpRequestException("There is no such user.", StatusCodes.Status404NotFound), externalId!);
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder)
    {
        builder.Metadata.Add(new PathParameter("externalId", "What the site calls the user.", IdPattern));
        builder.Metadata.Add(Problem.NotFound);
    }

    public static bool IsId(string? externalId) => Id().IsMatch(externalId ?? "");

    [GeneratedRegex(@"^(?!\.{1,2}\z)[A-Za-z0-9._~@+:|=,!$'()*-]{1,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}
