using System.Diagnostics;
using System.Text.Json.Nodes;

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
        catch (System.ComponentModel.Win32Exception) when (Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Ignore("zbarimg is missing (Debian: apt-get install zbar-tools).");
            throw;
        }
    }
}
