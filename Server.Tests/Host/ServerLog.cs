namespace QrLogin.Server.Tests.Host;

/// <summary>
/// What the servers of this run log: at Debug level to a file each, and errors, or what <c>$QRLOGIN_TEST_LOG</c> names, to the console.
/// Any thread may read while they write.
/// </summary>
internal static class ServerLog
{
    /// <summary>A test that sets it for its server gets the log as it is shipped, on the console.</summary>
    public const string Level = "Serilog:MinimumLevel:Default";

    private static readonly string Folder = Directory.CreateTempSubdirectory("qrlogin-log-").FullName;

    private static readonly string[] Levels =
        ["Default", "Override:Microsoft.AspNetCore", "Override:Npgsql", "Override:QrLogin.Server.Sessions.SessionAuthentication"];

    /// <summary>For one server; beside what people read, its file has all properties.</summary>
    public static Dictionary<string, string?> Settings() => new(Levels.Select(
        each => KeyValuePair.Create($"Serilog:MinimumLevel:{each}", (string?)"Debug")))
    {
        ["Serilog:WriteTo:0:Args:restrictedToMinimumLevel"] = Environment.GetEnvironmentVariable("QRLOGIN_TEST_LOG") ?? "Error",
        ["Serilog:Using:0"] = "Serilog.Sinks.File",
        ["Serilog:WriteTo:1:Name"] = "File",
        ["Serilog:WriteTo:1:Args:path"] = Path.Combine(Folder, $"{Guid.NewGuid():N}.log"),
        ["Serilog:WriteTo:1:Args:outputTemplate"] = "{Timestamp:O} {Level:u3} {Message:lj} {Properties:j}{NewLine}{Exception}",
    };

    public static IEnumerable<string> Lines() => Directory.EnumerateFiles(Folder).SelectMany(ReadLines);

    public static void Delete() => Directory.Delete(Folder, recursive: true);

    private static IEnumerable<string> ReadLines(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
