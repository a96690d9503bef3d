using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace QrLogin.Server.Connect;

/// <summary>What sockets may cost. The keys stand below <c>Limits:Sockets</c>; a wrong value or an unknown key refuses to start.</summary>
internal sealed class SocketLimits
{
    public const string Section = "Limits:Sockets";

    /// <summary>Of one session; with one more, the oldest goes.</summary>
    [Range(1, 10_000)]
    public int ConnectionsPerSession { get; set; } = 8;

    /// <summary>Of one account; with one more, the oldest goes.</summary>
    [Range(1, 10_000)]
    public int ConnectionsPerAccount { get; set; } = 16;

    /// <summary>All that this process holds, those included that are closing; whoever comes then hears 503.</summary>
    [Range(1, 10_000_000)]
    public int Connections { get; set; } = 20_000;

    /// <summary>Handshakes of one address (an IPv6 /64 is one) that fail to authenticate in a minute before it hears 429.</summary>
    [Range(1, 1_000_000)]
    public int HandshakesPerMinute { get; set; } = 200;

    /// <summary>In which the headers of a request must have come, a handshake's or any other's.</summary>
    [Range(1, 3600)]
    public int HandshakeSeconds { get; set; } = 10;

    /// <summary>What a browser may send on a socket: it has nothing to say but pongs of 14 bytes and, once, a Close.</summary>
    [Range(1024, 1_000_000_000)]
    public int InboundBytesPerMinute { get; set; } = 16 * 1024;
}

/// <summary>Reads the limits from the configuration.</summary>
internal sealed class SocketLimitsReader(IConfiguration configuration) : IConfigureOptions<SocketLimits>
{
    private static readonly Dictionary<string, PropertyInfo> Keys =
        typeof(SocketLimits).GetProperties().ToDictionary(each => each.Name, StringComparer.OrdinalIgnoreCase);

    /// <exception cref="OptionsValidationException">It names key and environment variable of what is wrong.</exception>
    public void Configure(SocketLimits options)
    {
        var faults = new List<string>();
        foreach (var (key, text) in configuration.GetSection(SocketLimits.Section).AsEnumerable(makePathsRelative: true))
        {
            if (string.IsNullOrEmpty(text) || key.Length == 0)
            {
                continue;
            }

            if (!Keys.TryGetValue(key, out var property))
            {
                faults.Add(Fault(key, $"It is no key; they are {string.Join(", ", Keys.Keys)}."));
                continue;
            }

            var range = property.GetCustomAttribute<RangeAttribute>()!;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && range.IsValid(value))
            {
                property.SetValue(options, value);
            }
            else
            {
                faults.Add(Fault(property.Name, $"\"{text}\" is not a whole number from {range.Minimum} to {range.Maximum}."));
            }
        }

        if (faults.Count > 0)
        {
            throw new OptionsValidationException(SocketLimits.Section, typeof(SocketLimits), faults);
        }
    }

    private static string Fault(string key, string fault)
    {
        var path = $"{SocketLimits.Section}:{key}";
        return $"{path} (environment variable {path.Replace(":", "__", StringComparison.Ordinal)}): {fault}";
    }
}
