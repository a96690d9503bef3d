namespace QrLogin.Server.Tests.Actors;

/// <summary>Waits for a condition, never longer than half a minute.</summary>
internal static class Eventually
{
    public static async Task IsAsync(Func<Task<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            Assert.That(patience.IsCancellationRequested, Is.False, $"{what}, within half a minute");
            await tick.WaitForNextTickAsync();
        }
    }
}
