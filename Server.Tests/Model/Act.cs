using FsCheck;
using FsCheck.Fluent;

namespace QrLogin.Server.Tests.Model;

/// <summary>What somebody may do; the comments say who <see cref="Act.Who"/> and what <see cref="Act.Which"/> are.</summary>
internal enum Deed
{
    // a phone, with its own verifier; Own: the phone of the code's attempt; Borrowed: with that phone's verifier
    Identify, IdentifyAgain, Scan, ScanOwn, ScanBorrowed, ScanUnknown, Type, TypeOwn, TypeBorrowed, TypeWrong, TypeFiveWrongAndOwn, Status,
    PhoneSignsOut, PhoneActsAsPc,

    // who has seen the screen, but has nobody's verifier
    EveScans, EveTypes, EveAsks,

    // a PC; an attempt or a session; to sign in opens a page as well, but sometimes; to undo is to decline what was redeemed
    SignIn, SignInWrongly, OpenPage, Fresh, FreshEightTimes, Extend, ExtendTwelveTimes, Decline, Undo, SignOut, EndSession, EndAdmitted,
    WhoAmI,

    // an administrator; an identifier
    Revoke, SetPassword, Disable, Enable, Unbind, Bind, BindElsewhere, ExpireSession, PassTime,
}

/// <summary>One step, which makes sense whatever came before: so that a failing sequence can be shortened.</summary>
/// <param name="Who">The actor, of as many as there are.</param>
/// <param name="Which">The attempt, code or session, counted from the newest.</param>
internal sealed record Act(Deed Deed, int Who, int Which)
{
    private static readonly (int, Deed)[] Weights =
    [
        (20, Deed.Identify), (4, Deed.IdentifyAgain), (8, Deed.Scan), (10, Deed.ScanOwn), (6, Deed.ScanBorrowed), (1, Deed.ScanUnknown),
        (4, Deed.Type), (6, Deed.TypeOwn), (4, Deed.TypeBorrowed), (4, Deed.TypeWrong), (3, Deed.TypeFiveWrongAndOwn), (4, Deed.Status),
        (2, Deed.PhoneSignsOut), (1, Deed.PhoneActsAsPc), (5, Deed.EveScans), (4, Deed.EveTypes), (1, Deed.EveAsks), (10, Deed.SignIn),
        (1, Deed.SignInWrongly), (8, Deed.OpenPage), (6, Deed.Fresh), (2, Deed.FreshEightTimes), (6, Deed.Extend),
        (2, Deed.ExtendTwelveTimes), (3, Deed.Decline), (4, Deed.Undo), (2, Deed.SignOut), (2, Deed.EndSession), (2, Deed.EndAdmitted),
        (3, Deed.WhoAmI), (1, Deed.Revoke), (1, Deed.SetPassword), (1, Deed.Disable), (8, Deed.Enable), (5, Deed.Unbind), (8, Deed.Bind),
        (1, Deed.BindElsewhere), (1, Deed.ExpireSession), (12, Deed.PassTime),
    ];

    /// <summary>20 to 60 acts; a failing sequence is tried without halves, quarters and so on, down to single acts.</summary>
    public static Arbitrary<Acts> Sequences { get; } = Arb.From(
        from length in Gen.Choose(20, 60)
        from acts in Gen.ArrayOf(Gen.Frequency([.. Weights.Select(each => (each.Item1, Acting(each.Item2)))]), length)
        select new Acts(acts),
        Shorter);

    public override string ToString() => $"{Deed}({Who}, {Which})";

    private static Gen<Act> Acting(Deed deed) =>
        from who in Gen.Choose(0, 3)
        from which in Gen.Frequency((3, Gen.Constant(0)), (2, Gen.Choose(0, 5)))
        select new Act(deed, who, which);

    private static IEnumerable<Acts> Shorter(Acts acts)
    {
        for (var piece = acts.Steps.Length / 2; piece > 0; piece /= 2)
        {
            for (var at = 0; at + piece <= acts.Steps.Length; at += piece)
            {
                yield return new Acts([.. acts.Steps[..at], .. acts.Steps[(at + piece)..]]);
            }
        }
    }
}

/// <summary>What is done, in this order.</summary>
internal sealed record Acts(Act[] Steps)
{
    public override string ToString() => string.Join(", ", (object[])Steps);
}
