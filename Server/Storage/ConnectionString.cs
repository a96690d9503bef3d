using Npgsql;

namespace QrLogin.Server.Storage;

/// <summary>Reads <c>ConnectionStrings:QrLogin</c>: a postgresql:// URL, as psql takes it, or Npgsql's own form.</summary>
internal static class ConnectionString
{
    /// <exception cref="FormatException">It is neither form; the message repeats nothing of it, because it holds a password.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        try
        {
            return text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal)
                ? FromUrl(new Uri(text))
                : new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception e) when (e is ArgumentException or UriFormatException)
        {
            throw new FormatException("It is not a connection string; write it as postgresql://user:password@host:5432/database.");
        }
    }

    /// <summary>Adds what the server relies on when it answers requests; migrations may take longer.</summary>
    public static NpgsqlConnectionStringBuilder ForRequests(this NpgsqlConnectionStringBuilder builder)
    {
        // Npgsql's defaults would keep a request waiting for 15 to 66 s on a server that does not answer. PostgreSQL gives up a lock
        // before Npgsql gives up the connection.
        builder.Timeout = 2;
        builder.CommandTimeout = 2;
        builder.CancellationTimeout = -1;
        builder.Options = $"{builder.Options} -c lock_timeout=1500ms".Trim();
        // For the change feed, which otherwise would not notice that its peer is gone.
        builder.KeepAlive = 10;
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
            Set(builder, Uri.UnescapeDataString(pair[0]), Uri.UnescapeDataString(pair[^1]));
        }

        return builder;
    }

    /// <summary>libpq's names are Npgsql's with underscores, but for one; its values of sslmode have hyphens.</summary>
    private static void Set(NpgsqlConnectionStringBuilder builder, string option, string value)
    {
        try
        {
            var name = option == "connect_timeout" ? "Timeout" : option.Replace('_', ' ');
            builder[name] = option == "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }
        catch (ArgumentException)
        {
            throw new FormatException($"Its option \"{option}\" is unknown, or has a value that it cannot have.");
        }
    }
}
