namespace QrLogin.Server.Tests.Actors;

/// <summary>Waits for a condition, never longer than ten seconds.</summary>
internal static class Eventually
{
    public static async Task IsAsync(Func<Task<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            Assert.That(patience.IsCancellationRequested, Is.False, $"{what}, within ten seconds");
            await tick.WaitForNextTickAsync();
        }
    }
}
