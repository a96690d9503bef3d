using Npgsql;

namespace QrLogin.Server.Storage;

/// <summary>Reads <c>ConnectionStrings:QrLogin</c>, a postgresql:// URL or Npgsql's own form, and adds the time-outs we rely on.</summary>
internal static class ConnectionString
{
    /// <exception cref="FormatException">It is neither form.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal)
                ? FromUrl(new Uri(text))
                : new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // The text holds a password, and so may the inner message: neither is repeated.
            throw new FormatException("It is not a connection string; write it as postgresql://user:password@host:5432/database.");
        }

        // Npgsql's defaults would keep a request waiting for 15 to 66 s on a server that does not answer.
        builder.Timeout = 2;
        builder.CommandTimeout = 2;
        builder.CancellationTimeout = -1;
        builder.KeepAlive = 10; // for the change feed, which otherwise would not notice that its peer is gone
        builder.Options = $"{builder.Options} -c lock_timeout=2s".Trim();
        // The server keeps no state on a connection, so there is none to reset; statements are prepared on their second use.
        builder.NoResetOnClose = true;
        builder.MaxAutoPrepare = 50;
        builder.AutoPrepareMinUsages = 2;
        return builder;
    }

    private static NpgsqlConnectionStringBuilder FromUrl(Uri url)
    {
        var user = url.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = url.Host,
            Port = url.IsDefaultPort ? NpgsqlConnection.DefaultPort : url.Port,
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')),
        };
        foreach (var option in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = option.Split('=', 2);
            builder[Uri.UnescapeDataString(pair[0])] = Uri.UnescapeDataString(pair[^1]);
        }

        return builder;
    }
}
