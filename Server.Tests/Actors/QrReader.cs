using System.Diagnostics;
using System.Text.Json.Nodes;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Actors;

/// <summary>Reads QR codes from their pixels with zbarimg, somebody else's decoder.</summary>
internal static class QrReader
{
    /// <summary>The ticket in the image of a <c>qr</c> message.</summary>
    public static string TicketOf(JsonNode qr) => TicketIn(qr["image"]!.ToString());

    /// <summary>The ticket in the code in a PNG data URI.</summary>
    public static string TicketIn(string dataUri) => Ledger.Keep(SecretKind.Ticket, Read(dataUri).Split('#')[1])!;

    /// <summary>The text in a PNG data URI.</summary>
    public static string Read(string dataUri)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, Convert.FromBase64String(dataUri["data:image/png;base64,".Length..]));
            return ReadFile(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>
    /// The code in what a terminal shows, among other lines: in colours that no theme changes, two modules a character. Each of them
    /// becomes 4 by 4 pixels.
    /// </summary>
    /// <returns>Null as long as it is not whole.</returns>
    public static string? ReadTerminal(string output)
    {
        const int Scale = 4;
        const string BlackOnWhite = "\e[38;5;16;48;5;231m";
        const string Plain = "\e[0m";
        static string Row(string line, string black) =>
            string.Join(' ', line.SelectMany(each => Enumerable.Repeat(black.Contains(each, StringComparison.Ordinal) ? '1' : '0', Scale)));
        string[] lines = [.. from line in output.Split('\n').Select(line => line.TrimEnd('\r'))
                             where line.StartsWith(BlackOnWhite, StringComparison.Ordinal)
                                 && line.EndsWith(Plain, StringComparison.Ordinal)
                             select line[BlackOnWhite.Length..^Plain.Length]];
        if (lines.Length == 0 || lines.Length < (lines[0].Length + 1) / 2)
        {
            return null;
        }

        var rows = lines.SelectMany(line => new[] { Row(line, "█▀"), Row(line, "█▄") }).SelectMany(row => Enumerable.Repeat(row, Scale));
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, $"P1\n{lines[0].Length * Scale} {lines.Length * 2 * Scale}\n{string.Join('\n', rows)}\n");
            return ReadFile(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The text in a picture, of any format.</summary>
    public static string ReadFile(string file)
    {
        try
        {
            var start = new ProcessStartInfo("zbarimg", ["--raw", "--quiet", "-Sdisable", "-Sqrcode.enable", file])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var zbar = Process.Start(start)!;
            return zbar.StandardOutput.ReadToEnd().Trim();
        }
        catch (System.ComponentModel.Win32Exception) when (!Tool.IsCi)
        {
            Assert.Ignore("zbarimg is missing (Debian: apt-get install zbar-tools).");
            throw;
        }
    }
}
