using System.Net;
using System.Net.Sockets;

namespace QrLogin.Server.Http;

/// <summary>From where a call comes, and what counts as one address.</summary>
internal static class ClientAddress
{
    /// <summary>From where the call comes. An IPv4 peer on a dual-stack socket is IPv4; an IPv6 address has no scope.</summary>
    public static IPAddress Of(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => IPAddress.None,
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4(),
        { AddressFamily: AddressFamily.InterNetworkV6 } address => new IPAddress(address.GetAddressBytes()),
        var address => address,
    };

    /// <summary>What counts as one address: an IPv4 address, or an IPv6 /64, in PostgreSQL's form of <c>inet</c>.</summary>
    public static string Network(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6
        ? new IPNetwork(new IPAddress([.. address.GetAddressBytes().AsSpan(0, 8), .. new byte[8]]), 64).ToString()
        : address.ToString();
}
