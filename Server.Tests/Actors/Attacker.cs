using System.Net.Sockets;
using System.Text;
using QrLogin.Server.Tests.Host;

namespace QrLogin.Server.Tests.Actors;

/// <summary>Whoever sends any bytes over TCP, and reads the answers as RFC 9112 says. One connection; one caller.</summary>
internal sealed class Attacker(IRunningServer server) : IDisposable
{
    private readonly NetworkStream stream = new TcpClient(server.Address.Host, server.Address.Port).GetStream();
    private readonly MemoryStream seen = new();
    private bool isSilent;

    /// <summary>All that came back, byte for byte.</summary>
    public string Heard => Encoding.Latin1.GetString(seen.ToArray());

    /// <summary>Says it; a server that has heard enough may close meanwhile.</summary>
    public async Task SendAsync(byte[] bytes)
    {
        try
        {
            await stream.WriteAsync(bytes, Page.Patience());
        }
        catch (IOException)
        {
            // closed: what it answered can still be read
        }
    }

    /// <summary>The next answer, informational ones passed over.</summary>
    /// <returns>Null where the connection ends instead.</returns>
    public async Task<RawAnswer?> NextAsync()
    {
        while (true)
        {
            if (await LineAsync() is not { Length: > 0 } status)
            {
                return null;
            }

            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            while (await LineAsync() is { Length: > 0 } line)
            {
                var colon = line.IndexOf(':', StringComparison.Ordinal);
                headers.Add(line[..colon], line[(colon + 1)..].Trim());
            }

            var code = int.Parse(status.Split(' ')[1], null);
            if (code >= 200)
            {
                return new RawAnswer(code, headers, await BodyAsync(headers));
            }
        }
    }

    /// <summary>Whether the server ends the connection and says nothing more.</summary>
    public async Task<bool> IsClosedAsync() => await ByteAsync() is null && !isSilent;

    /// <summary>Whether the server ends the connection, whatever it says before.</summary>
    public async Task<bool> IsClosedInTheEndAsync()
    {
        while (await ByteAsync() is not null)
        {
        }

        return !isSilent;
    }

    public void Dispose()
    {
        stream.Dispose();
        seen.Dispose();
    }

    private async Task<string> BodyAsync(Dictionary<string, string> headers)
    {
        if (headers.TryGetValue("Content-Length", out var length))
        {
            return await TextAsync(int.Parse(length, null));
        }

        if (!headers.ContainsKey("Transfer-Encoding"))
        {
            return headers.GetValueOrDefault("Connection") == "close" ? await TextAsync(int.MaxValue) : "";
        }

        var body = new StringBuilder();
        while (Convert.ToInt32(await LineAsync(), 16) is > 0 and var size)
        {
            body.Append(await TextAsync(size));
            await LineAsync();
        }

        await LineAsync();
        return body.ToString();
    }

    private async Task<string> TextAsync(int length)
    {
        var text = new StringBuilder();
        while (text.Length < length && await ByteAsync() is { } next)
        {
            text.Append((char)next);
        }

        return text.ToString();
    }

    private async Task<string?> LineAsync()
    {
        var line = new StringBuilder();
        while (await ByteAsync() is { } next)
        {
            if (next == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)next);
        }

        return line.Length > 0 ? line.ToString() : null;
    }

    private async Task<byte?> ByteAsync()
    {
        var buffer = new byte[1];
        try
        {
            if (await stream.ReadAsync(buffer, Page.Patience()) == 0)
            {
                return null;
            }
        }
        catch (IOException)
        {
            return null; // a reset ends it as well
        }
        catch (OperationCanceledException)
        {
            isSilent = true;
            return null;
        }

        seen.WriteByte(buffer[0]);
        return buffer[0];
    }
}

internal sealed record RawAnswer(int Status, Dictionary<string, string> Headers, string Body);
