using Npgsql;
using QrLogin.Load;

// scripts/bench calls this: <repository> <database URL> [--quick] [--json]; it calls itself: echo <port>.
if (args is ["echo", var port])
{
    await EchoServer.RunAsync(int.Parse(port, null));
    return;
}

var url = new Uri(args[1]);
var user = url.UserInfo.Split(':');
var database = new NpgsqlConnectionStringBuilder
{
    Host = url.Host,
    Port = url.Port,
    Username = user[0],
    Password = Uri.UnescapeDataString(user[1]),
    Database = url.AbsolutePath.TrimStart('/'),
};
var isJson = args.Contains("--json");
var bench = new Bench(args[0], database, args.Contains("--quick"), what => Console.Error.WriteLine($"  {what} ..."));
var figures = await bench.RunAsync();
Console.WriteLine(isJson ? figures.ToJson() : $"\n{figures.ToTable()}");
