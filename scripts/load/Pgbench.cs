using System.Diagnostics;
using System.Text.RegularExpressions;
using Npgsql;

namespace QrLogin.Load;

/// <summary>
/// The limit that logins are held against: pgbench running the same statements, read from the server's source, each batch in one round
/// trip, with nothing around them. Values that the server would compute are expressions of pgbench's numbers.
/// </summary>
internal sealed partial class Pgbench(string root, NpgsqlConnectionStringBuilder database, int accounts)
{
    private static readonly string Account = Uuid(":i");

    /// <returns>The seconds that it took; how many logins it made, PostgreSQL knows: refused ones are none.</returns>
    public async Task<double> RunAsync(int clients, TimeSpan duration)
    {
        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(script, $"""
            \set k :k + 1
            \set i (:client_id + :k * {clients}) % {accounts}
            \set n random(1, 4611686018427387904)
            {Pipeline(Statement("Identify/AttemptStore.cs", IdentifyArguments))}
            {Pipeline(Statement("Redeem/RedemptionStore.cs", RedeemArguments))}
            """);
        var threads = Math.Min(clients, 2);
        string[] arguments =
        [
            "-n", "-M", "prepared", "-D", "k=0", "-c", $"{clients}", "-j", $"{threads}", "-T", $"{duration.TotalSeconds:0}",
            "-f", script, "-h", database.Host!, "-p", $"{database.Port}", "-U", database.Username!, database.Database!,
        ];
        var start = new ProcessStartInfo(Program(), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PGPASSWORD"] = database.Password;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        File.Delete(script);
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? duration.TotalSeconds : throw new InvalidOperationException($"pgbench: {await errors}{output}");
    }

    private static Dictionary<string, string> IdentifyArguments => new()
    {
        ["accountId"] = Account,
        ["id"] = Uuid(":n"),
        ["identifiers"] = Identifiers,
        ["challenge"] = Hashed("challenge"),
        ["name"] = "'Bench'",
        ["platform"] = "'Linux'",
        ["address"] = "'127.0.0.1'",
        ["network"] = "'127.0.0.1'",
        ["ticketLifetime"] = "60",
        ["attemptLifetime"] = "300",
        ["muteMinutes"] = "10",
        ["perMinute"] = "3",
        ["perHour"] = "30",
        ["checkCodes"] = "(array[47, 48]::smallint[])",
        ["hashes"] = $"array[{Hashed("ticket")}]",
        ["typedHashes"] = $"array[{Hashed("typed")}]",
        ["sessions"] = $"(array[{Account}])",
    };

    private static Dictionary<string, string> RedeemArguments => new()
    {
        ["hash"] = Hashed("ticket"),
        ["challenge"] = Hashed("challenge"),
        ["identifiers"] = Identifiers,
        ["sessionId"] = Uuid("-:n"),
        ["tokenHash"] = Hashed("token"),
        ["newSalt"] = $"substr({Hashed("salt")}, 1, 16)",
        ["address"] = "'127.0.0.1'",
    };

    private static string Identifiers => "(array['phone:+1999' || lpad(:i::text, 7, '0')])";

    private static string Uuid(string number) =>
        $"format('00000000-0000-4000-8000-%s', lpad(to_hex({number}::bigint & 281474976710655), 12, '0'))::uuid";

    private static string Hashed(string what) => $"sha256(convert_to('{what}' || :n::text, 'UTF8'))";

    private string Statement(string file, Dictionary<string, string> arguments)
    {
        var source = File.ReadAllText(Path.Combine(root, "Server", file));
        var sql = RawLiteral().Match(source).Groups[1].Value;
        sql = Part().Replace(sql, part => Regex.Match(
            source, $"string {part.Groups[1].Value} = {RawLiteral()}", RegexOptions.Singleline).Groups[1].Value);
        return Parameter().Replace(sql, name => arguments[name.Groups[1].Value]);
    }

    /// <summary>Both statements of a batch in one round trip, as Npgsql sends them.</summary>
    private static string Pipeline(string sql) =>
        "\\startpipeline\n"
        + string.Concat(sql.Split(';').Select(each => Regex.Replace(each.Trim(), @"\s+", " ") + ";\n"))
        + "\\endpipeline";

    private static string Program() =>
        Directory.EnumerateFiles("/usr/lib/postgresql", "pgbench", SearchOption.AllDirectories).Order().LastOrDefault() ?? "pgbench";

    [GeneratedRegex("\"\"\"(.*?)\"\"\"", RegexOptions.Singleline)]
    private static partial Regex RawLiteral();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Part();

    [GeneratedRegex(@"@(\w+)")]
    private static partial Regex Parameter();
}
