using System.Security.Cryptography;
using System.Text;

namespace QrLogin.Sample;

/// <summary>The shop's accounts: here one, of the configuration; a real shop has a database and a slow hash.</summary>
internal sealed class Users(IConfiguration configuration)
{
    private readonly User bella = new("4711", "Bella", configuration["Shop:Phone"]!);
    private readonly byte[] password = Encoding.UTF8.GetBytes(configuration["Shop:Password"]!);

    public User Get(string id) => id == bella.Id ? bella : throw new KeyNotFoundException($"There is no user {id}.");

    public User? Find(string name, string given) =>
        name.Equals(bella.Name, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), password) ? bella : null;
}

/// <param name="Id">For ever; also what QrLogin calls <c>externalId</c>.</param>
/// <param name="Phone">The number, which the shop has verified, say by a text message.</param>
internal sealed record User(string Id, string Name, string Phone);
