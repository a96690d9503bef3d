using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace QrLogin.Server.Storage;

/// <summary>
/// Random bytes that whoever holds them may use: tickets (16), session tokens, hand-offs and secrets of clients (32). They travel as
/// unpadded base64url (RFC 4648 §5) and are stored as their SHA-256 only; <see cref="ToString"/> shows neither, so a secret cannot be
/// logged by accident.
/// </summary>
internal sealed class Secret
{
    /// <summary>Costs 20 µs here, and who reads a short secret's hash in the database hours of guessing instead of a minute.</summary>
    private const int SlowRounds = 100;

    /// <summary>What OWASP advises for passwords.</summary>
    private const int FullRounds = 600_000;

    private const int NonceLength = 12;
    private const int TagLength = 16;

    /// <summary>What to tell who sent no verifier.</summary>
    public const string VerifierAdvice = "Give the challenge's verifier: 43 to 128 of A-Z a-z 0-9 - . _ ~";

    /// <summary>For who reads a description of the calls.</summary>
    public const string VerifierPattern = "^[A-Za-z0-9._~-]{43,128}$";

    /// <summary>Likewise: 32 bytes, RFC 7636's own example (appendix B).</summary>
    public const string Example = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    private static readonly SearchValues<char> VerifierAlphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    private readonly byte[] bytes;

    private Secret(byte[] bytes) => this.bytes = bytes;

    /// <summary>The form that travels: 43 characters for 32 bytes, 22 for 16.</summary>
    public string Text => Base64Url.EncodeToString(bytes);

    /// <summary>The form that is stored: SHA-256, 32 bytes.</summary>
    public byte[] Hash => SHA256.HashData(bytes);

    public static Secret New(int length) => new(RandomBytes(length));

    public static byte[] RandomBytes(int length) => RandomNumberGenerator.GetBytes(length);

    /// <summary>SHA-256 of what is no secret, as base64url.</summary>
    public static string Fingerprint(byte[] bytes) => Base64Url.EncodeToString(SHA256.HashData(bytes));

    /// <summary>A uniformly random integer, <paramref name="from"/> inclusive to <paramref name="to"/> exclusive.</summary>
    public static int RandomInteger(int from, int to) => RandomNumberGenerator.GetInt32(from, to);

    /// <summary>Reads exactly <paramref name="length"/> bytes; refuses padding, other alphabets, non-canonical last characters.</summary>
    public static bool TryParse(string? text, int length, [NotNullWhen(true)] out Secret? secret)
    {
        secret = text?.Length == Base64Url.GetEncodedLength(length) && Decode(text) is { } bytes ? new Secret(bytes) : null;
        return secret is not null;
    }

    /// <summary>The bytes of canonical base64url.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static byte[] Bytes(string text) => Decode(text) ?? throw new FormatException("It is not canonical base64url.");

    /// <summary>Whether it is <paramref name="length"/> bytes in canonical base64url.</summary>
    public static bool IsBase64Url(string? text, int length) => TryParse(text, length, out _);

    /// <summary>
    /// Whether it can be a verifier (RFC 7636 §4.1); one that is written in the alphabet of base64url has to be canonical.
    /// </summary>
    public static bool IsVerifier([NotNullWhen(true)] string? text) =>
        text?.Length is >= 43 and <= 128 && !text.AsSpan().ContainsAnyExcept(VerifierAlphabet)
            && (text.AsSpan().ContainsAny('.', '~') || Decode(text) is not null);

    /// <summary>The phone's token, made again from the salt kept with its attempt and the verifier that only the phone has.</summary>
    public static Secret Derive(byte[] salt, string verifier) => new(HMACSHA256.HashData(salt, Encoding.ASCII.GetBytes(verifier)));

    /// <summary>Another secret, made of this one for one purpose (HMAC-SHA256); it reveals neither this one nor those for others.</summary>
    public Secret For(ReadOnlySpan<byte> purpose) => new(HMACSHA256.HashData(bytes, purpose));

    /// <summary>Its first bits, five to a symbol: up to 12 symbols of an alphabet of 32.</summary>
    public string Symbols(string alphabet, int count)
    {
        var bits = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        return string.Create(count, (bits, alphabet), static (symbols, from) =>
        {
            for (var i = 0; i < symbols.Length; i++)
            {
                symbols[i] = from.alphabet[(int)(from.bits >> (59 - (5 * i))) & 31];
            }
        });
    }

    /// <summary>The form in which a secret that is short enough to be typed is stored: PBKDF2 (RFC 8018 §5.2), 32 bytes.</summary>
    public static byte[] SlowHash(string text, Guid salt) => Rfc2898DeriveBytes.Pbkdf2(
        Encoding.ASCII.GetBytes(text), salt.ToByteArray(bigEndian: true), SlowRounds, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);

    /// <summary>A secret of 32 bytes from one that somebody else has made, however short: PBKDF2, a fifth of a second.</summary>
    public static Secret OfText(string text, string salt) => new(Rfc2898DeriveBytes.Pbkdf2(
        Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(salt), FullRounds, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes));

    /// <summary>Encrypts, so that only who has this secret can read it or make another (AES-256-GCM, NIST SP 800-38D).</summary>
    public byte[] Seal(byte[] plain)
    {
        var sealedBytes = new byte[NonceLength + plain.Length + TagLength];
        var nonce = sealedBytes.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(bytes, TagLength);
        aes.Encrypt(nonce, plain, sealedBytes.AsSpan(NonceLength, plain.Length), sealedBytes.AsSpan(^TagLength..));
        return sealedBytes;
    }

    /// <exception cref="CryptographicException">This secret has not sealed it.</exception>
    public byte[] Open(ReadOnlySpan<byte> sealedBytes)
    {
        if (sealedBytes.Length < NonceLength + TagLength)
        {
            throw new CryptographicException("It is too short.");
        }

        var plain = new byte[sealedBytes.Length - NonceLength - TagLength];
        using var aes = new AesGcm(bytes, TagLength);
        aes.Decrypt(sealedBytes[..NonceLength], sealedBytes[NonceLength..^TagLength], sealedBytes[^TagLength..], plain);
        return plain;
    }

    /// <summary>RFC 7636 §4.2: S256 of an ASCII verifier, 32 bytes.</summary>
    public static byte[] Challenge(string verifier) => SHA256.HashData(Encoding.ASCII.GetBytes(verifier));

    public override string ToString() => "[secret]";

    /// <returns>Null where it is not canonical: the text has to be what its bytes encode to.</returns>
    private static byte[]? Decode(string text)
    {
        var bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        return Base64Url.DecodeFromChars(text, bytes, out _, out var written) == OperationStatus.Done
            && Base64Url.EncodeToString(bytes.AsSpan(0, written)) == text ? bytes[..written] : null;
    }
}
