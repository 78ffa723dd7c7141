"""Whatever happened before: a decision and its reversal leave the thread as it was, but for the trace of both."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from core import heads
from core.application.aggregates import load_aggregates
from core.application.transact import Result, transact
from core.domain.comment import Comment
from core.domain.moderated_comment import Status
from core.domain.moderation import Decide, ReverseDecision
from core.events.comment_events import CommentApproved, CommentRejected, DecisionReversed
from core.events.report_events import ReportFiled
from core.log.memory import MemoryLog
from core.position import START
from core.refusals import Refusal
from projections.thread.fold import fold
from projections.thread.state import CommentState, ThreadState
from projections.views import layout, rows
from projections.views.listings.batches import BATCHES
from projections.views.listings.decisions import DECISIONS
from projections.views.listings.figures import FIGURES
from projections.views.listings.judged import JUDGED
from projections.views.viewer import PUBLIC, Viewer
from tests.support.discussions import MIA, MOD, SITE, THREADS, Move, events, moves, played
from tests.support.folded import told
from tests.support.people import BEN, EVE, posted

THREAD = THREADS[0]
TRACES = (BATCHES.cell, DECISIONS.cell, JUDGED.cell, FIGURES.cell, "reports", "revisions")
"""Cells with traces of decisions, those undone included."""
VIEWERS = (PUBLIC, Viewer(staff=True), *(Viewer(member=name) for name in ("ada", "ben", "eve:2", "dan")))


class Choice(Struct, frozen=True):
    """Which comment is decided upon, and how."""

    comment: int
    latest: bool
    verdict: str
    code: str | None
    status: Status | None = None


choices = st.builds(
    Choice,
    comment=st.integers(0, 11),
    latest=st.booleans(),
    verdict=st.sampled_from(("approve", "hold", "reject")),
    code=st.sampled_from((None, "hatred")),
)


@settings(max_examples=300)
@given(moves(), choices)
async def test_a_decision_and_its_reversal_leave_everything_as_it_was(some: list[Move], choice: Choice) -> None:
    log = await played(some)
    before = await the_thread(log)
    if not before.rows:
        return
    comment = list(before.rows.values())[-1 - choice.comment % len(before.rows)]
    known = await decider_state(log, comment.id)
    if not (await tried(log, decision(comment, choice), batch="the-batch")):
        return
    between = await the_thread(log)
    result = await transact(
        log, ReverseDecision(comment=comment.id, batch="the-batch"), site=SITE, thread=THREAD, caller=MIA
    )
    assert [type(one.event) for one in result.recorded] == [DecisionReversed]
    after = await the_thread(log)
    assert plain(after) == plain(before)
    for name in before.rows:
        assert seen(after, name) == seen(before, name)
    assert between.rows[comment.id] != before.rows[comment.id]
    assert as_decided(await decider_state(log, comment.id)) == as_decided(known)
    again = await transact(
        log, ReverseDecision(comment=comment.id, batch="the-batch"), site=SITE, thread=THREAD, caller=MOD
    )
    assert (again.recorded, again.position) == ((), result.position)


async def the_thread(log: MemoryLog) -> ThreadState:
    return fold(ThreadState(site=SITE, id=THREAD), await events(log))


async def decider_state(log: MemoryLog, comment: str) -> Comment:
    return (await load_aggregates(log, SITE, THREAD, folded=(heads.comment(comment),))).comment(comment)


def decision(comment: CommentState, choice: Choice) -> Decide:
    revision = comment.latest if choice.latest or comment.standing is None else comment.standing
    return Decide(comment=comment.id, verdict=choice.verdict, revision=revision, code=choice.code)  # type: ignore[arg-type] # one of three


async def tried(log: MemoryLog, command: Decide, batch: str) -> Result | None:
    """The result of a decision that changed something."""
    try:
        result = await transact(log, command, site=SITE, thread=THREAD, caller=MOD, batch=batch)
    except Refusal:
        return None
    return result if result.recorded else None


def plain(thread: ThreadState) -> ThreadState:
    """The thread without positions and without the trace of a decision that was reversed."""
    there = {name: without_trace(row) for name, row in thread.rows.items()}
    return replace(thread, rows=there, last=START, position=START, events=0, now=0)


def without_trace(row: CommentState) -> CommentState:
    # That readers saw a text, and its votes at that time, are facts that no reversal undoes.
    texts = {number: replace(text, seen=True, votes_then=None) for number, text in row.texts.items()}
    return replace(
        row,
        texts=texts,
        seen=True,
        waits=row.waits_since,
        batches={},
        replaced=None,
        closed=[],
        waited=None,
        waited_by_import=None,
        decisions=[],
        figures=[],
        voids={voter: replace(void, texts=()) for voter, void in row.voids.items()},
        notice_words={name: words for name, words in row.notice_words.items() if row.notices[name].outcome is None},
    )


def seen(thread: ThreadState, name: str) -> list[object]:
    """What everybody sees of a comment, where it is in every list, and the votes on what stands."""
    row = thread.rows[name]
    cells = layout.of_comment(row, thread.id)
    listed = {cell for cell in cells if cell[0] not in TRACES}
    tally = None if row.standing is None or not row.published else row.votes_then(row.standing)
    return [*(rows.row_for(row, thread.id, one, html="") for one in VIEWERS), listed, row.reports, row.gone, tally]


def as_decided(comment: Comment) -> tuple[object, ...]:
    texts = {number: replace(text, seen=True) for number, text in comment.texts.items()}
    same = replace(
        comment,
        texts=texts,
        changed={},
        batches={},
        replaced=None,
        reports_closed=None,
        reports_closed_before=None,
        left={},
    )
    return same, comment.closed_reports_at


def reported() -> ReportFiled:
    return ReportFiled(comment="c1", reason="spam", note="look")


def test_reports_are_open_again_and_a_later_one_stays() -> None:
    story = told(posted(), (reported(), BEN))
    (first,) = story.thread.rows["c1"].reports
    story.tell(CommentApproved(comment="c1", revision=1), batch="b")
    assert story.thread.rows["c1"].reports == []
    story.tell(reported(), EVE)
    story.tell(reported(), BEN)
    story.tell(undone())
    row = story.thread.rows["c1"]
    assert [report.by for report in row.reports] == ["ben", "eve"]
    assert row.reports[0] == first, "of two by one member, the first is open again"
    assert (row.closed, row.waited, row.replaced) == ([], None, None)


def test_what_is_published_again_is_restored_and_what_goes_is_removed() -> None:
    story = told(posted())
    assert story.tell(CommentRejected(comment="c1", revision=1), batch="b") == (("comment.removed", "c1"),)
    assert story.tell(undone()) == (("comment.restored", "c1"),)
    story = told(posted(rule="links"))
    assert story.tell(CommentApproved(comment="c1", revision=1), batch="b") == (("comment.posted", "c1"),)
    assert story.tell(undone()) == (("comment.removed", "c1"),)
    assert story.tell(CommentApproved(comment="c1", revision=1)) == (("comment.restored", "c1"),)


def test_the_place_in_the_queue_is_that_of_before() -> None:
    story = told(posted(rule="links"))
    since = story.thread.rows["c1"].waits_since
    verdicts: list[Callable[[], CommentApproved | CommentRejected]] = [
        lambda: CommentApproved(comment="c1", revision=1),
        lambda: CommentRejected(comment="c1", revision=1),
    ]
    for verdict in verdicts:
        story.tell(verdict(), batch="b")
        assert story.thread.rows["c1"].waits_since is None
        story.tell(undone())
        assert story.thread.rows["c1"].waits_since == since


def test_a_decision_of_an_earlier_version_keeps_nothing() -> None:
    story = told(posted())
    row = story.thread.rows["c1"]
    assert (row.batches, row.replaced) == ({}, None)
    story.tell(CommentRejected(comment="c1", revision=1))
    row = story.thread.rows["c1"]
    assert (row.batches, row.replaced, row.waited) == ({}, None, None)


def undone() -> DecisionReversed:
    return DecisionReversed(comment="c1", revision=1, reverses="b")
