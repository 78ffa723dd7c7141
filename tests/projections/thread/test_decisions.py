"""The decisions of moderators in the state of a comment, and since when the comment was in the queue."""

from core.caller import Caller
from core.events.comment_events import CommentApproved, CommentHeld, CommentPosted, CommentRejected, CommentWithdrawn
from core.events.import_events import IMPORT
from core.events.report_events import ReportFiled
from core.position import Position
from projections.thread.snapshots import kept
from tests.support.folded import Told, told
from tests.support.people import BEN, MOD

RULE = Caller(id="rule", name="", kind="system")


def posted(**more: object) -> CommentPosted:
    return CommentPosted(comment="c1", body="words", **more)  # type: ignore[arg-type] # any of its fields


def marks(story: Told) -> list[tuple[int, str, str]]:
    return [(one.revision, one.verdict, one.by) for one in story.thread.rows["c1"].decisions]


def since(story: Told) -> Position | None:
    return story.thread.rows["c1"].queued_since


def test_every_decision_of_a_moderator_stays_whatever_follows() -> None:
    story = told(posted())
    for event in (CommentRejected, CommentApproved, CommentHeld):
        story.tell(event(comment="c1", revision=1))
    assert marks(story) == [(1, "reject", MOD.id), (1, "approve", MOD.id), (1, "hold", MOD.id)]


def test_decisions_of_rules_and_of_imports_are_no_moderators() -> None:
    story = told(posted())
    story.tell(CommentHeld(comment="c1", revision=1), RULE)
    story.tell(CommentRejected(comment="c1", revision=1), MOD, cause=IMPORT)
    assert marks(story) == []


def test_a_decision_knows_since_when_the_comment_was_in_the_queue() -> None:
    story = told(posted(rule="premoderation"))
    waits = story.last
    story.tell(ReportFiled(comment="c1", revision=1, reason="spam"), BEN)
    story.tell(CommentApproved(comment="c1", revision=1))
    story.tell(CommentRejected(comment="c1", revision=1))
    assert [one.since for one in story.thread.rows["c1"].decisions] == [waits, None]


def test_a_comment_is_in_the_queue_since_it_first_waited_or_was_reported() -> None:
    story = told(posted())
    assert since(story) is None
    story.tell(ReportFiled(comment="c1", revision=1, reason="spam"), BEN)
    reported = story.last
    assert since(story) == reported
    story.tell(CommentHeld(comment="c1", revision=1))
    assert since(story) == reported
    story.tell(CommentWithdrawn(comment="c1"))
    assert since(story) == reported, "reports stay"
    story.tell(CommentApproved(comment="c1", revision=1))
    assert since(story) is None


def test_snapshots_leave_decisions_out() -> None:
    story = told(posted())
    story.tell(CommentRejected(comment="c1", revision=1))
    assert kept(story.thread).rows["c1"].decisions == []
    assert len(marks(story)) == 1
