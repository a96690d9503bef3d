namespace QrLogin.Server.Connect;

/// <summary>
/// Follows a browser's frames (RFC 6455 §5.2) for what the framework lets pass: a frame without a mask (§5.1), and a control frame whose
/// length takes more than its first byte (§5.5). The last frame that it looks at is the first that is neither ping nor pong, since that
/// one ends the connection. Not safe for concurrent use.
/// </summary>
internal struct FrameHeaders
{
    private const int Control = 0x8, Ping = 0x9, Pong = 0xA, Seen = 0x100, MaskBytes = 4, MaxControlLength = 125;

    private int opcode; // with Seen; 0 between two frames
    private int skip;
    private bool isOver;

    /// <returns>False when the protocol is broken.</returns>
    public bool Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && !isOver)
        {
            if (skip > 0)
            {
                var skipped = Math.Min(skip, bytes.Length);
                skip -= skipped;
                bytes = bytes[skipped..];
                continue;
            }

            var next = bytes[0];
            bytes = bytes[1..];
            if (opcode == 0)
            {
                opcode = Seen | (next & 0xF);
                continue;
            }

            var (isMasked, length) = (next >= 0x80, next & 0x7F);
            if (!isMasked || ((opcode & Control) != 0 && length > MaxControlLength))
            {
                return false;
            }

            isOver = (opcode & 0xF) is not (Ping or Pong);
            (skip, opcode) = (MaskBytes + length, 0);
        }

        return true;
    }
}
