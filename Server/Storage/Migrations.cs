using System.Reflection;
using DbUp;
using DbUp.Engine.Output;

namespace QrLogin.Server.Storage;

/// <summary>Applies the numbered files of <c>db/</c>, which are in this assembly, each once, in a transaction; run as the owner.</summary>
internal static class Migrations
{
    /// <returns>The process's exit code: 0 when the schema is up to date.</returns>
    public static int Run(IConfiguration configuration)
    {
        var result = DeployChanges.To
            .PostgresqlDatabase(StorageSetup.ConnectionStringOf(configuration).ConnectionString)
            .WithScriptsEmbeddedInAssembly(Assembly.GetExecutingAssembly())
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            .LogTo(new Progress())
            .Build()
            .PerformUpgrade();
        if (!result.Successful)
        {
            var where = result.ErrorScript is { } script ? $" in {script.Name}" : "";
            Console.Error.WriteLine($"The migration stopped{where}: {result.Error.Message}");
        }

        return result.Successful ? 0 : 1;
    }

    /// <summary>Of what DbUp says, what a person wants to read; errors are in its result.</summary>
    private sealed class Progress : IUpgradeLog
    {
        public void LogInformation(string format, params object[] args)
        {
            if (format.StartsWith("Executing", StringComparison.Ordinal))
            {
                Console.WriteLine(format, args);
            }
        }

        public void LogTrace(string format, params object[] args) { }

        public void LogDebug(string format, params object[] args) { }

        public void LogWarning(string format, params object[] args) { }

        public void LogError(string format, params object[] args) { }

        public void LogError(Exception ex, string format, params object[] args) { }
    }
}
