using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace QrLogin.Load;

/// <summary>
/// Reads the QR code of a PNG as the server draws it: upright, undamaged, of version 2 to 5 at error correction L, whose one block needs
/// no error correction (ISO/IEC 18004). Lean, so that the load generator is not what is measured; whether the codes can be read by others
/// is tested elsewhere, with zbarimg.
/// </summary>
internal static class QrPixels
{
    private const int Pixels = 4;
    private const int Quiet = 4;

    public static string Read(byte[] png)
    {
        var (rows, stride) = Unpack(png);
        var size = (rows.Length / stride / Pixels) - (2 * Quiet);
        var isInverted = !Bit(Quiet, Quiet); // the corner of the finder pattern is dark
        for (var mask = 0; mask < 8; mask++)
        {
            var bits = Bits(mask).ToArray();
            if (Text(bits) is var text && text.StartsWith("http", StringComparison.Ordinal))
            {
                return text;
            }
        }

        throw new FormatException("This is not a QR code that the server draws.");

        bool Bit(int x, int y) => (rows[(y * Pixels * stride) + 1 + (x * Pixels / 8)] >> (7 - (x * Pixels % 8)) & 1) == 0;

        IEnumerable<bool> Bits(int mask)
        {
            for (var (right, isUp) = (size - 1, true); right > 0; (right, isUp) = (right - 2, !isUp))
            {
                right -= right == 6 ? 1 : 0; // the column of the timing pattern
                for (var step = 0; step < size; step++)
                {
                    var y = isUp ? size - 1 - step : step;
                    for (var x = right; x > right - 2; x--)
                    {
                        if (!IsFunction(x, y, size))
                        {
                            yield return Bit(x + Quiet, y + Quiet) ^ isInverted ^ IsMasked(mask, x, y);
                        }
                    }
                }
            }
        }
    }

    private static (byte[] Rows, int Stride) Unpack(byte[] png)
    {
        using var data = new MemoryStream();
        var width = 0;
        for (var at = 8; at < png.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            var body = png.AsSpan(at + 8, length);
            switch (Encoding.ASCII.GetString(png, at + 4, 4))
            {
                case "IHDR": width = BinaryPrimitives.ReadInt32BigEndian(body); break;
                case "IDAT": data.Write(body); break;
            }

            at += length + 12;
        }

        data.Position = 0;
        using var rows = new MemoryStream();
        using (var inflated = new ZLibStream(data, CompressionMode.Decompress))
        {
            inflated.CopyTo(rows);
        }

        return (rows.ToArray(), 1 + ((width + 7) / 8));
    }

    private static bool IsFunction(int x, int y, int size) =>
        x == 6 || y == 6 || (x < 9 && y < 9) || (x >= size - 8 && y < 9) || (x < 9 && y >= size - 8)
        || (Math.Abs(x - (size - 7)) <= 2 && Math.Abs(y - (size - 7)) <= 2);

    private static bool IsMasked(int mask, int x, int y) => mask switch
    {
        0 => (x + y) % 2 == 0,
        1 => y % 2 == 0,
        2 => x % 3 == 0,
        3 => (x + y) % 3 == 0,
        4 => ((y / 2) + (x / 3)) % 2 == 0,
        5 => (x * y % 2) + (x * y % 3) == 0,
        6 => ((x * y % 2) + (x * y % 3)) % 2 == 0,
        _ => (((x + y) % 2) + (x * y % 3)) % 2 == 0,
    };

    /// <summary>The segments of versions 1 to 9: numeric, alphanumeric or bytes, until anything else.</summary>
    private static string Text(bool[] bits)
    {
        const string alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
        var (text, at) = (new StringBuilder(), 0);
        while (at + 4 <= bits.Length && Take(4) is var mode and (1 or 2 or 4))
        {
            for (var left = Take(mode == 1 ? 10 : mode == 2 ? 9 : 8); left > 0 && at < bits.Length;)
            {
                var part = mode switch
                {
                    1 when left >= 3 => $"{Take(10):000}",
                    1 when left == 2 => $"{Take(7):00}",
                    1 => $"{Take(4)}",
                    2 when left >= 2 => Take(11) is var pair ? $"{alphanumeric[pair / 45 % 45]}{alphanumeric[pair % 45]}" : "",
                    2 => $"{alphanumeric[Take(6) % 45]}",
                    _ => $"{(char)Take(8)}",
                };
                text.Append(part);
                left -= part.Length;
            }
        }

        return text.ToString();

        int Take(int length) => Number(bits, (at += length) - length, length);
    }

    private static int Number(bool[] bits, int from, int length)
    {
        var number = 0;
        for (var i = from; i < from + length; i++)
        {
            number = (number << 1) | (i < bits.Length && bits[i] ? 1 : 0); // a wrong mask may lead past the end
        }

        return number;
    }
}
