using System.Text.Json.Nodes;
using QrLogin.Load;

namespace QrLogin.Server.Tests.Model;

/// <summary>Reads the thousands of codes of these tests in this process; that other decoders can read them is tested elsewhere.</summary>
internal static class Camera
{
    public static string TicketOf(JsonNode qr) =>
        QrPixels.Read(Convert.FromBase64String(qr["image"]!.ToString()["data:image/png;base64,".Length..])).Split('#')[1];
}
