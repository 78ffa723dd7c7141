"""A site to which everything happened once that can happen: every type of event, in an order that a fold takes."""

from typing import Any, Final

from core.caller import Actor
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentFeatured,
    CommentHeld,
    CommentPinned,
    CommentPosted,
    CommentRejected,
    CommentRestored,
    CommentScreened,
    CommentUnfeatured,
    CommentUnpinned,
    CommentWithdrawn,
    DecisionReversed,
    RemovalCancelled,
    RemovalRefused,
    RemovalRequested,
    RevisionRedacted,
)
from core.events.import_events import AuthorReassigned, ImportBegun, ImportEnded, SourceFile, VotesBrought
from core.events.member_events import (
    MemberReinstated,
    MemberSuspended,
    NoteAdded,
    StandingChanged,
    SuspensionReversed,
    VotesInspected,
    WarningAcknowledged,
    WarningGiven,
)
from core.events.report_events import NoticeFiled, ReportFiled
from core.events.site_events import (
    ListChanged,
    PolicyChanged,
    ScreenerConfigured,
    ScreenerRemoved,
    SiteOpened,
    SiteRekeyed,
)
from core.events.skip_events import EventSkipped
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.events.thread_events import (
    AnchorClosed,
    AnchorOpened,
    AnchorReopened,
    AnchorReworded,
    PolicyOverridden,
    ThreadArchived,
    ThreadClosed,
    ThreadLabelled,
    ThreadOpened,
    ThreadReopened,
    ThreadRetitled,
)
from core.events.vote_events import VoteCast, VoteRestored, VoteRetracted, VoteVoided
from core.policy import Policy, PolicyChanges
from tests.support.exporting import EventLog

ADA: Final = Actor(id="ada")
BEN: Final = Actor(id="ben")
GUS: Final = Actor(kind="guest", id="guest:gus")
MOD: Final = Actor(kind="staff", id="mod")
MIA: Final = Actor(kind="staff", id="mia")
OPERATOR: Final = Actor(kind="staff", id="operator")
SCREENER: Final = Actor(kind="system", id="screening")
RULE: Final = Actor(kind="system", id="reports")
IMPORT: Final = Actor(kind="system", id="import")
ANYONE: Final = Actor(kind="guest", id="anyone")

THREAD: Final = "palm-house"
REDACTED: Final = "the words that were redacted"
SECRETS: Final = (REDACTED, "a reason of the redacted edit", "the match of the redacted text")
REFERENCE: Final = "ADLk3xQ2vYb0m8sT1kLw9Z"


async def eventful() -> EventLog:
    """The log of such a site."""
    made = EventLog()
    await _site(made)
    await _members(made)
    await _thread(made)
    await _texts(made)
    await _decisions(made)
    await _readers(made)
    return made


async def _site(made: EventLog) -> None:
    await made.record("", SiteOpened(policy=Policy(), name="Kew"), OPERATOR)
    await made.record("", SiteRekeyed(kind="hs256", number=1), OPERATOR)
    await made.record("", PolicyChanged(changes=PolicyChanges(votes=True)), MOD)
    await made.record("", ScreenerConfigured(shape="coral", host="screener.example"), MOD)
    await made.record("", ScreenerRemoved(), MOD)
    await made.record("", ListChanged(list="rude", count=1, digest="d", terms=("rude",)), MOD)


async def _members(made: EventLog) -> None:
    suspended = await made.record(
        "", MemberSuspended(member="ben", until=1_900_000_000_000, by_role="admin", code="insult", reason="Rude."), MOD
    )
    await made.record("", StatementTold(member="ben", decision=suspended), BEN)
    await made.record("", AppealFiled(member="ben", decision=suspended, text="I was not."), BEN)
    await made.record("", MemberReinstated(member="ben"), MIA)
    decided = await made.record("", AppealDecided(member="ben", verdict="reverse", reason="Right."), MIA)
    await made.record("", StatementTold(member="ben", decision=decided, by="mail"), BEN)
    await made.record("", MemberSuspended(member="ben", ground="terms"), MOD, batch="s1")
    await made.record("", SuspensionReversed(member="ben", reverses="s1"), MOD)
    await made.record("", StandingChanged(member="ada", standing="trusted", reason="For years."), MOD)
    warned = await made.record("", WarningGiven(member="ben", code="insult", reason="Calm!", note="second"), MOD)
    await made.record("", WarningAcknowledged(member="ben", warning=warned), BEN)
    await made.record("", NoteAdded(member="ben", text="Writes at night."), MOD)
    await made.record("", VotesInspected(member="ben"), MIA)


async def _thread(made: EventLog) -> None:
    opened = ThreadOpened(url="https://kew.example/palms", title="Palms", unverified=True, labels=("plants",))
    await made.record(THREAD, opened, ADA)
    await made.record(THREAD, ThreadRetitled(url="https://kew.example/palms?a=1&b=2", title="Palms & <ferns>"), MOD)
    await made.record(THREAD, ThreadLabelled(labels=("green", "plants")), MOD)
    await made.record(THREAD, PolicyOverridden(overrides=PolicyChanges(history="public", edit_window=None)), MOD)
    await made.record(THREAD, AnchorOpened(anchor="q1", exact="a palm", prefix="see ", prompt="Which?"), MOD)
    await made.record(THREAD, AnchorReworded(anchor="q1", exact="the palm", suffix=" there"), MOD)
    await made.record(THREAD, AnchorClosed(anchor="q1"), MOD)
    await made.record(THREAD, AnchorReopened(anchor="q1"), MOD)


async def _texts(made: EventLog) -> None:
    held = CommentPosted(
        comment="c1",
        rule="words",
        list="rude",
        match="rude",
        spans=((2, 6),),
        tells="Mind your words.",
        body="A rude *word* & <b>tag</b> ]]> \U0001f33f end",
        name="Ada",
        avatar="https://kew.example/ada.png",
        badges=("subscriber",),
        anchor="q1",
    )
    await made.record(THREAD, held, ADA)
    await made.record(THREAD, CommentApproved(comment="c1", revision=1, note="fine"), MOD, batch="b1")
    under: dict[str, Any] = {"parent": "c1", "depth": 1, "answered_revision": 1, "anchor": "q1"}
    reply = CommentPosted(comment="c2", answered="c1", body="Two", name="Gus", **under)
    await made.record(THREAD, reply, GUS, at=1_600_000_000_123)
    deep = CommentPosted(comment="c3", answered="c2", body="Three", name="Ben", **under)
    await made.record(THREAD, deep, BEN)
    await made.record(THREAD, CommentEdited(comment="c2", revision=2, body="Two, again", name="G.", reason="typo"), GUS)
    await made.record(THREAD, CommentEdited(comment="c2", revision=3, body="Two, at last", grace=True), GUS)
    await made.record(THREAD, RemovalRequested(comment="c2", revision=1), GUS)
    await made.record(THREAD, RemovalCancelled(comment="c2", revision=1), GUS)
    await made.record(THREAD, RemovalRequested(comment="c2", revision=1), GUS)
    await made.record(THREAD, RemovalRefused(comment="c2", revision=1), MOD)
    redacted = CommentEdited(
        comment="c3",
        revision=2,
        body=REDACTED,
        reason=SECRETS[1],
        rule="links",
        rejected=True,
        match=SECRETS[2],
        tells="No links here.",
    )
    await made.record(THREAD, redacted, BEN)
    await made.record(THREAD, RevisionRedacted(comment="c3", revision=2, reason="asked for"), MOD)
    await made.record(THREAD, CommentWithdrawn(comment="c3"), BEN)
    await made.record(THREAD, CommentRestored(comment="c3"), BEN)
    await made.record(
        THREAD, CommentPosted(comment="c4", rule="screening", screening="before", body="Four", name="Ben"), BEN
    )
    await made.record(THREAD, CommentScreened(comment="c4", verdict="approve", shape="coral", note="clean"), SCREENER)
    await made.record(THREAD, CommentPosted(comment="c5", body="Withdrawn words", name="Ben"), BEN)
    await made.record(THREAD, CommentWithdrawn(comment="c5"), BEN)
    await made.record(
        THREAD, CommentPosted(comment="c6", rule="import", body="Waiting words", name="Gus"), GUS, cause="import"
    )
    await made.record(
        THREAD,
        CommentPosted(
            comment="c7", parent="c5", depth=1, answered="c5", answered_revision=1, body="Under it", name="Ada"
        ),
        ADA,
    )


async def _decisions(made: EventLog) -> None:
    await made.record(THREAD, CommentHeld(comment="c4", revision=1, rule="reports", basis="report"), RULE, batch="b2")
    await made.record(THREAD, DecisionReversed(comment="c4", revision=1, reverses="b2"), MOD)
    rude = CommentRejected(comment="c4", revision=1, code="insult", ground="terms", reason="Rude.")
    rejected = await made.record(THREAD, rude, MOD, batch="b3")
    await made.record(THREAD, StatementTold(comment="c4", revision=1, decision=rejected), BEN)
    await made.record(THREAD, AppealFiled(comment="c4", revision=1, decision=rejected, text="No!"), BEN)
    await made.record(THREAD, CommentApproved(comment="c4", revision=1, reason="Yes."), MIA, batch="b4")
    decided = await made.record(
        THREAD, AppealDecided(comment="c4", revision=1, verdict="reverse", sole=True, reason="Yes."), MIA, batch="b4"
    )
    told = StatementTold(comment="c4", revision=1, decision=decided, by="mail")
    await made.record(THREAD, told, BEN)
    notice = NoticeFiled(
        comment="c4", revision=1, reference=REFERENCE, flagger=True, explanation="It lies.", law="A law"
    )
    await made.record(THREAD, notice, ANYONE)
    closing = CommentRejected(comment="c4", revision=1, notice=REFERENCE, ground="law", basis="notice", spam=True)
    await made.record(THREAD, closing, MOD, batch="b5")
    await _imported(made)
    skipped = await made.record(THREAD, CommentApproved(comment="nothing", revision=1), MOD)
    await made.record(THREAD, EventSkipped(position=skipped, reason="about nothing"), OPERATOR)


async def _imported(made: EventLog) -> None:
    files = (SourceFile(name="blog.xml", sha256="00"),)
    begun = ImportBegun(imported="i1", system="wordpress", source="wp", files=files, options={"member": "wp:{id}"})
    await made.record("", begun, OPERATOR)
    at = 1_500_000_000_000
    brought: dict[str, Any] = {"cause": "import", "batch": "i1"}
    posted = CommentPosted(comment="wp-8", origin="8", body="Brought", original="<u>Brought</u>", name="Zoe")
    await made.record(THREAD, posted, Actor(id="wp:8"), at=at, **brought)
    await made.record(THREAD, CommentRejected(comment="wp-8", revision=1), IMPORT, at=at + 1000, cause="import")
    unknown = CommentPosted(comment="wp-9", origin="9", unknown=True, name="Zoe")
    await made.record(THREAD, unknown, Actor(id="wp:8"), at=at, **brought)
    edited = CommentEdited(comment="wp-9", revision=2, body="Known words")
    await made.record(THREAD, edited, Actor(id="wp:8"), at=at + 2000, **brought)
    await made.record(THREAD, VotesBrought(comment="wp-9", up=14, down=2), IMPORT, at=at, **brought)
    await made.record(THREAD, VotesBrought(comment="c5", down=3, score=True), IMPORT, at=at, **brought)
    await made.record("", ImportEnded(imported="i1", brought=2, known=0), OPERATOR)
    await made.record(THREAD, AuthorReassigned(comment="wp-9", author="zoe"), IMPORT, cause="import", batch="r1")


async def _readers(made: EventLog) -> None:
    await made.record(THREAD, CommentFeatured(comment="c1"), MOD)
    await made.record(THREAD, CommentUnfeatured(comment="c1"), MOD)
    await made.record(THREAD, CommentPinned(comment="c1"), MOD)
    await made.record(THREAD, CommentUnpinned(comment="c1"), MOD)
    await made.record(THREAD, VoteCast(comment="c1", value=1), BEN)
    await made.record(THREAD, VoteCast(comment="c1", value=-1), GUS)
    cast = await made.record(THREAD, VoteCast(comment="c1", value=1), MIA)
    void = VoteVoided(comment="c1", voter="mia", value=1, cast=cast, reason="a ring")
    await made.record(THREAD, void, MOD, batch="v1")
    await made.record(THREAD, VoteRestored(comment="c1", voter="mia", value=1, cast=cast, reverses="v1"), MOD)
    await made.record(THREAD, VoteRetracted(comment="c1"), GUS)
    await made.record(THREAD, ReportFiled(comment="c1", reason="off-topic", note="Look."), GUS)
    await made.record(THREAD, ThreadClosed(reason="Enough."), MOD)
    await made.record(THREAD, ThreadReopened(reason="More."), MOD)
    await made.record(THREAD, ThreadArchived(reason="Done."), MOD)
