using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Pages;

/// <summary>The pages' JavaScript has no build step; its JSDoc types are checked all the same, by TypeScript in strict mode.</summary>
internal sealed class TypeTests
{
    [Test]
    public async Task The_pages_pass_the_type_checker()
    {
        var folder = Path.Combine(TestDatabase.Root, "Server.Tests", "Pages");
        await Tool.FetchPackagesAsync(folder);
        await Tool.RunAsync("npm", ["test", "--silent"], folder);
    }
}
