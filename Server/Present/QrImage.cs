using QRCoder;

namespace QrLogin.Server.Present;

/// <summary>
/// Draws a QR code (ISO/IEC 18004) as a PNG: black on white, 4 pixels a module, with its quiet zone of 4 modules. Error correction L:
/// a screen is clean, and the smaller code is read from farther away.
/// </summary>
internal static class QrImage
{
    private const int PixelsPerModule = 4;

    public static byte[] Png(string text)
    {
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.L);
        using var image = new PngByteQRCode(code);
        return image.GetGraphic(PixelsPerModule);
    }

    public static string DataUri(string text) => "data:image/png;base64," + Convert.ToBase64String(Png(text));
}
