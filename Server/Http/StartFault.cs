using Microsoft.Extensions.Options;

namespace QrLogin.Server.Http;

/// <summary>Why the server does not start, for who has configured it.</summary>
internal static class StartFault
{
    /// <returns>What is wrong with the configuration, all of it; null where it is another fault.</returns>
    public static string? Of(Exception e) => e switch
    {
        OptionsValidationException => e.Message,
        AggregateException { InnerExceptions: var all } when all.All(each => each is OptionsValidationException) =>
            string.Join(" ", all.Select(each => each.Message)),
        _ => null,
    };
}
