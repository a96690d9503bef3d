using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using QrLogin.Server.Tests.Descriptions;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Actors;

/// <summary>A client that speaks HTTP/1.1 and RFC 6455 byte by byte, and need not keep to either.</summary>
internal sealed partial class RawSocket : IDisposable
{
    private readonly TcpClient tcp;

    private RawSocket(string from) => tcp = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));

    /// <summary>A TCP connection, and nothing more.</summary>
    /// <param name="from">Its own address, on loopback.</param>
    public static async Task<RawSocket> ConnectAsync(IRunningServer server, string from = "127.0.0.1")
    {
        var socket = new RawSocket(from);
        await socket.tcp.ConnectAsync(server.Address.Host, server.Address.Port);
        return socket;
    }

    /// <summary>Open, with its welcome heard.</summary>
    public static async Task<RawSocket> OpenAsync(IRunningServer server, Browser browser)
    {
        var socket = await ConnectAsync(server);
        var answer = await socket.AskAsync(Handshake(browser.Cookie));
        Assert.That(answer.Status, Is.EqualTo(101), answer.Text);
        Assert.That((await socket.NextAsync())?.Opcode, Is.EqualTo(1), "the welcome");
        return socket;
    }

    /// <summary>A browser's handshake, with changes.</summary>
    /// <param name="changes"><c>Name: value</c> in place of the header, <c>-Name</c> without it, <c>+Name: value</c> besides it.</param>
    public static string Handshake(string? cookie, params string[] changes) => Handshake("GET /connect HTTP/1.1", cookie, changes);

    public static string Handshake(string start, string? cookie, string[] changes)
    {
        List<string> headers =
        [
            "Host: localhost", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: qrlogin.v1", $"Origin: {TestServer.Origin}",
            .. cookie is null ? [] : new[] { $"Cookie: {cookie}" },
        ];
        foreach (var change in changes)
        {
            var name = change.TrimStart('-', '+').Split(':')[0];
            if (change[0] != '+')
            {
                headers.RemoveAll(header => header.StartsWith($"{name}:", StringComparison.Ordinal));
            }

            if (change[0] != '-')
            {
                headers.Add(change.TrimStart('+'));
            }
        }

        return $"{start}\r\n{string.Join("\r\n", headers)}\r\n\r\n";
    }

    /// <summary>A frame as a browser would mask it, with a mask of zeros.</summary>
    /// <param name="first">FIN, RSV1 to 3 and the opcode.</param>
    public static byte[] Frame(byte first, byte[] payload) =>
        [first, .. payload.Length <= 125 ? [(byte)(0x80 | payload.Length)] : Long(payload.Length), 0, 0, 0, 0, .. payload];

    /// <summary>Sends a request.</summary>
    /// <returns>Status, the problem's code, and all that was read; status 0 when the connection ends without an answer.</returns>
    public async Task<(int Status, string? Code, string Text)> AskAsync(string request)
    {
        await SendAsync(Encoding.Latin1.GetBytes(request));
        var text = new StringBuilder();
        while (!IsWhole(text.ToString()) && await ReadAsync(1) is [var next])
        {
            text.Append((char)next);
        }

        var answer = text.ToString();
        var status = answer.Length > 12 ? int.Parse(answer[9..12], null) : 0;
        var code = CodeMember().Match(answer) is { Success: true } member ? member.Groups[1].Value : null;
        if (status != 0 && request.Split(' ') is [var method, var path, ..])
        {
            Described.Hear(method, path, status, code);
        }

        return (status, code, answer);
    }

    public ValueTask SendAsync(byte[] bytes) => tcp.GetStream().WriteAsync(bytes, Page.Patience());

    /// <returns>False when the connection has ended.</returns>
    public async Task<bool> TrySendAsync(byte[] bytes)
    {
        try
        {
            await SendAsync(bytes);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The next frame; null when the connection has ended, in whatever way.</summary>
    public async Task<(int Opcode, byte[] Payload)?> NextAsync()
    {
        if (await ReadAsync(2) is not [var first, var length])
        {
            return null;
        }

        var count = length switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(2)),
            127 => (int)BinaryPrimitives.ReadUInt64BigEndian(await ReadAsync(8)),
            _ => length,
        };
        return (first & 0xF, await ReadAsync(count));
    }

    /// <summary>The payload of the next frame of this kind; others are passed over.</summary>
    public async Task<byte[]> HearsAsync(int opcode)
    {
        while (await NextAsync() is { } frame)
        {
            if (frame.Opcode == opcode)
            {
                return frame.Payload;
            }
        }

        throw new AssertionException($"The connection ended before opcode {opcode} was heard.");
    }

    /// <summary>Reads on to the Close frame, passing over all else.</summary>
    /// <returns>Its code; 1006 when the connection ends without one.</returns>
    public async Task<int> CodeAsync()
    {
        while (await NextAsync() is { } frame)
        {
            if (frame.Opcode == 8)
            {
                var code = BinaryPrimitives.ReadUInt16BigEndian(frame.Payload);
                Described.HearClose(code);
                return code;
            }
        }

        return 1006;
    }

    public void Dispose() => tcp.Dispose();

    private static byte[] Long(int length)
    {
        var bytes = new byte[9];
        bytes[0] = 0x80 | 127;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), length);
        return bytes;
    }

    private static bool IsWhole(string answer) => answer.Split("\r\n\r\n", 2) is [var head, var body]
        && (head.Contains(" 101 ", StringComparison.Ordinal)
            || (head.Contains("chunked", StringComparison.OrdinalIgnoreCase) ? body.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal)
                : ContentLength().Match(head) is { Success: true } length && body.Length == int.Parse(length.Groups[1].Value, null)));

    /// <summary>So many bytes; fewer when the connection ends before.</summary>
    private async Task<byte[]> ReadAsync(int count)
    {
        var buffer = new byte[count];
        try
        {
            return buffer[..await tcp.GetStream().ReadAtLeastAsync(buffer, count, throwOnEndOfStream: false, Page.Patience())];
        }
        catch (IOException)
        {
            return []; // reset
        }
    }

    [GeneratedRegex("\"code\":\"(\\w+)\"")]
    private static partial Regex CodeMember();

    [GeneratedRegex("Content-Length: (\\d+)")]
    private static partial Regex ContentLength();
}
