using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag.CodeGeneration.CSharp;
using QrLogin.Server.Tests.Actors;

namespace QrLogin.Server.Tests.Descriptions;

/// <summary>A public generator (NSwag) makes a client of <c>/openapi/v1.json</c>; an app's author writes the rest.</summary>
internal sealed class GeneratedClientTests
{
    /// <summary>What the author writes.</summary>
    private const string App = """
        using System;
        using System.Net.Http;
        using System.Net.Http.Headers;
        using System.Threading.Tasks;

        namespace Generated;

        public static class App
        {
            public static async Task<string> SignInAsync(
                HttpClient http, string number, string verifier, string challenge, Func<Task<string>> scan)
            {
                var client = new Client(http);
                SubmittedIdentifier[] identifiers = [new() { Kind = "phone", Value = number }];
                var attempt = await client.IdentifyAsync(new IdentifyRequest
                {
                    Identifiers = identifiers,
                    CodeChallenge = challenge,
                    CodeChallengeMethod = "S256",
                    Device = new ClaimedDevice { Name = "Generated", Platform = "NSwag" },
                });
                var status = await client.StatusAsync(attempt.AttemptId, new StatusRequest { CodeVerifier = verifier });
                var refused = await RefusalAsync(() => client.RedeemAsync(new RedeemRequest
                {
                    Ticket = "q83vASNFZ4mrze8BI0VniQ", CodeVerifier = verifier, Identifiers = identifiers,
                }));
                var granted = await client.RedeemAsync(new RedeemRequest
                {
                    Ticket = await scan(), CodeVerifier = verifier, Identifiers = identifiers,
                });
                http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(granted.TokenType, granted.AccessToken);
                var me = await client.WhoAmIAsync();
                await client.SignOutAsync();
                var gone = await RefusalAsync(() => client.WhoAmIAsync());
                return $"{status.ExpiresIn is > 0 and <= 300} {refused}, {me.Session.Kind} of {me.Account.Username}, {gone}";
            }

            private static async Task<string> RefusalAsync(Func<Task> call)
            {
                try
                {
                    await call();
                    return "none";
                }
                catch (ApiException<Problem> e)
                {
                    return $"{e.StatusCode} {e.Result.Code}";
                }
            }
        }
        """;

    [Test]
    public async Task A_generated_client_compiles_and_signs_a_phone_in()
    {
        var document = await NSwag.OpenApiDocument.FromJsonAsync(Described.OpenApi.ToJsonString());
        var generator = new CSharpClientGenerator(document, new CSharpClientGeneratorSettings
        {
            ClassName = "Client",
            UseBaseUrl = false,
            CSharpGeneratorSettings = { Namespace = "Generated", JsonLibrary = CSharpJsonLibrary.SystemTextJson },
        });
        var signIn = Compile(generator.GenerateFile(), App).GetType("Generated.App")!.GetMethod("SignInAsync")!
            .CreateDelegate<Func<HttpClient, string, string, string, Func<Task<string>>, Task<string>>>();

        using var scene = await Scene.ReadyAsync();
        using var http = new HttpClient { BaseAddress = World.Server.Address };
        var phone = scene.Phone;
        var heard = await signIn(http, phone.Number, phone.Verifier, phone.Challenge, async () =>
            Ledger.Keep(SecretKind.Ticket, QrReader.TicketOf(await scene.Page.HearsAsync("qr")))!);
        Assert.That(heard, Is.EqualTo($"True 400 invalid_ticket, mobile of {scene.Account.Username}, 401 session_required"));
        Assert.That((await scene.Page.HearsAsync("ended"))["session"]!["device"]!["name"]!.ToString(), Is.EqualTo("Generated"));
    }

    private static Assembly Compile(params string[] sources)
    {
        var trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        var compilation = CSharpCompilation.Create(
            "Generated",
            sources.Select(source => CSharpSyntaxTree.ParseText(source)),
            trusted.Split(Path.PathSeparator).Select(file => MetadataReference.CreateFromFile(file)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        using var assembly = new MemoryStream();
        var result = compilation.Emit(assembly);
        Assert.That(result.Diagnostics.Where(each => each.Severity == DiagnosticSeverity.Error), Is.Empty);
        return Assembly.Load(assembly.ToArray());
    }
}
