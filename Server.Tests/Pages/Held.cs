namespace QrLogin.Server.Tests.Pages;

/// <summary>A call that a test holds back, as long as the page has patience. Playwright's thread stops there, the test's lets go.</summary>
internal sealed class Held
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The page has made the call.</summary>
    public Task ReachedAsync() => reached.Task.WaitAsync(Patience);

    public void Release() => released.TrySetResult();

    public Task StopAsync()
    {
        reached.TrySetResult();
        return released.Task.WaitAsync(Patience);
    }
}
