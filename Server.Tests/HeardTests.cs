using QrLogin.Server.Tests.Backend;
using QrLogin.Server.Tests.Descriptions;
using QrLogin.Server.Tests.Faults;
using QrLogin.Server.Tests.Http;
using QrLogin.Server.Tests.OAuth;
using QrLogin.Server.Tests.Oidc;

namespace QrLogin.Server.Tests;

/// <summary>
/// After all other tests: whatever the server says of itself in its descriptions, some test has heard. Fixtures that run alone come last,
/// in the order of their names. Where only some tests run, it says which it needs.
/// </summary>
[NonParallelizable]
internal sealed class HeardTests
{
    /// <summary>Those that together hear everything.</summary>
    private static readonly Type[] Needed =
    [
        typeof(AppLinkTests), typeof(BindingChangeTests), typeof(BindingTests), typeof(ChangeFeedTests), typeof(ConnectTests),
        typeof(DocumentTests), typeof(DrainTests), typeof(EveryCallTests), typeof(ExtendTests), typeof(FrameTests), typeof(HandoffTests),
        typeof(HandshakeTests), typeof(HeadTests), typeof(HeaderTests), typeof(IdentifyTests), typeof(LimitTests), typeof(OidcFaultTests),
        typeof(OidcRefusalTests), typeof(OidcSignInTests), typeof(PostgresFaultTests), typeof(ProblemTests), typeof(RareAnswerTests),
        typeof(RedeemTests), typeof(ScreenTests), typeof(SessionTests), typeof(SignInTests), typeof(SiteAccountTests),
        typeof(SocketAbuseTests), typeof(SocketLimitTests), typeof(TokenTests), typeof(TypedRedeemTests),
    ];

    /// <summary>What only a race brings about, at times: the session has to end between its check and the statement.</summary>
    private static readonly string[] Excused =
        ["POST /api/login/{attemptId}/qr 410 session_ended", "POST /api/login/{attemptId}/extend 410 session_ended"];

    [Test]
    public void All_that_is_described_is_heard()
    {
        var missing = Needed.Select(each => each.FullName!).Except(Described.Listeners).ToList();
        if (missing.Count > 0)
        {
            Assert.Ignore($"Only some tests ran; it needs {string.Join(", ", missing)} too.");
        }

        // HEAD is GET without a body; nobody knows how to bring about a 500.
        var unheard = Described.Sayable.Except(Described.Heard).Except(Excused).Where(each =>
            !each.StartsWith("HEAD ", StringComparison.Ordinal) && !each.EndsWith(" 500 internal_error", StringComparison.Ordinal));
        Assert.That(string.Join("\n", unheard), Is.Empty);
    }
}
