using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace QrLogin.Server.Tests.Host;

/// <summary>A test that takes minutes: only <c>scripts/test --long</c> runs it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongAttribute : NUnitAttribute, IApplyToTest
{
    public void ApplyToTest(Test test)
    {
        if (Environment.GetEnvironmentVariable("QRLOGIN_LONG") != "1" && test.RunState == RunState.Runnable)
        {
            test.RunState = RunState.Ignored;
            test.Properties.Set(PropertyNames.SkipReason, "It takes minutes: scripts/test --long runs it.");
        }
    }
}
