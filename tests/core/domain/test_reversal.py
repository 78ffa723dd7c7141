"""Reversal of a decision: what it brings back, and when it is refused."""

from typing import Any

import pytest
from msgspec.structs import replace

from core.domain.decision import KEPT_BATCHES
from core.domain.moderation import Decide, ReverseDecision
from core.domain.report import FileReport
from core.events.comment_events import (
    CommentApproved,
    CommentFeatured,
    CommentHeld,
    CommentPinned,
    CommentRejected,
    CommentRestored,
    CommentWithdrawn,
    DecisionReversed,
    RevisionRedacted,
)
from core.events.event import Event
from core.events.report_events import ReportFiled
from core.events.thread_events import ThreadArchived
from core.events.vote_events import VoteCast
from core.refusals import NotAllowed, NotFound, StaleStatus
from tests.support.people import ADA, AUDITOR, BEN, LINK, MOD, OTHER_MOD, edited, posted
from tests.support.story import Story, given, usual

UNDO = ReverseDecision(comment="c1", batch="b")
WAITS = edited(2, LINK, rule="links")
REPORTED = ReportFiled(comment="c1", revision=1, reason="spam")
KINDS: dict[str, Any] = {"approve": CommentApproved, "hold": CommentHeld, "reject": CommentRejected}


def decided(*before: Event, verdict: str, revision: int = 1, batch: str | None = "b") -> Story:
    story = given(*before)
    story.record(KINDS[verdict](comment="c1", revision=revision, reason="r"), MOD, batch=batch)
    return story


def undone(revision: int = 1) -> DecisionReversed:
    return DecisionReversed(comment="c1", revision=revision, reverses="b")


@pytest.mark.parametrize("verdict", KINDS)
@pytest.mark.parametrize(
    ("before", "revision"),
    [
        ([posted()], 1),
        ([posted(rule="links")], 1),
        ([posted(), WAITS], 1),
        ([posted(), WAITS], 2),
        ([posted(), CommentWithdrawn(comment="c1")], 1),
        ([posted(), CommentHeld(comment="c1", revision=1, code="spam", ground="terms")], 1),
        ([posted(), CommentRejected(comment="c1", revision=1), edited(2, "Better.", rule="edit-under-review")], 2),
        ([posted(), CommentRejected(comment="c1", revision=1), edited(2, "Better.", rule="edit-under-review")], 1),
    ],
)
def test_everything_is_again_as_it_was(verdict: str, before: list[Event], revision: int) -> None:
    was = given(*before).comment("c1")
    story = decided(*before, verdict=verdict, revision=revision)
    if verdict != "approve":
        assert story.comment("c1") != was
    now = story.when(UNDO, by=OTHER_MOD).then(undone(revision)).comment("c1")
    item = now.batches["b"]
    assert now.status == was.status
    assert item.reversed == story.last
    seen = {number: replace(text, seen=was.texts[number].seen) for number, text in now.texts.items()}
    again = replace(now, batches={}, changed={}, texts=seen, reports_closed_before=None, left={})
    assert again == replace(was, changed={}, left={})
    assert all(text.seen or not was.texts[number].seen for number, text in now.texts.items()), "what was seen was seen"


@pytest.mark.parametrize("verdict", KINDS)
def test_reports_that_the_decision_closed_are_open_again_and_others_stay_closed(verdict: str) -> None:
    again = FileReport(comment="c1", reason="spam")
    story = decided(posted(), REPORTED, verdict=verdict)
    story.when(UNDO).then(undone())
    story.when(again, by=BEN).nothing_happens()
    # One that an earlier decision closed stays closed: its member may report again.
    story = decided(posted(), REPORTED, CommentApproved(comment="c1", revision=1), verdict=verdict)
    story.when(UNDO).then(undone())
    story.when(again, by=BEN).is_taken()


def test_a_reversal_that_was_made_changes_nothing() -> None:
    story = decided(posted(), verdict="reject").when(UNDO).then(undone())
    story.when(UNDO, by=OTHER_MOD).nothing_happens(settled=story.last.n)
    # Nor does it after what came later.
    at = story.last.n
    story.record(CommentRejected(comment="c1", revision=1), MOD, batch="later")
    story.when(UNDO).nothing_happens(settled=at)


def test_the_same_batch_may_decide_again_and_be_reversed_again() -> None:
    story = decided(posted(), verdict="reject").when(UNDO).then(undone())
    story.record(CommentHeld(comment="c1", revision=1), MOD, batch="b")
    story.when(UNDO).then(undone()).leaves(status="published")


@pytest.mark.parametrize(
    "act",
    [
        CommentWithdrawn(comment="c1"),
        edited(2, "other words", rule="edit-under-review"),
        CommentFeatured(comment="c1"),
        RevisionRedacted(comment="c1", revision=1),
    ],
)
def test_what_somebody_acted_on_since_is_refused_by_itself(act: Event) -> None:
    story = decided(posted(), verdict="reject")
    story.record(act, usual(act))
    extra = refused(story)
    assert extra == {"current": story.comment("c1").status}


def test_a_decision_since_is_told() -> None:
    story = decided(posted(), verdict="reject")
    story.record(CommentApproved(comment="c1", revision=1, reason="on second thought"), OTHER_MOD, batch="later")
    extra = refused(story)
    assert extra["current"] == "published"
    assert (extra["decided"]["verdict"], extra["decided"]["by"]) == ("approve", {"id": OTHER_MOD.id})
    # Reversed since, it is no decision any more; the first one is not the last act all the same.
    story.when(ReverseDecision(comment="c1", batch="later")).then(replace(undone(), reverses="later"))
    assert refused(story) == {"current": "rejected"}


@pytest.mark.parametrize("act", [CommentRestored(comment="c1"), CommentWithdrawn(comment="c1")])
def test_a_withdrawal_and_its_undoing_are_acts(act: Event) -> None:
    before = [posted(), CommentWithdrawn(comment="c1")] if isinstance(act, CommentRestored) else [posted()]
    story = decided(*before, verdict="reject")
    story.record(act, ADA)
    assert "decided" not in refused(story)


@pytest.mark.parametrize(
    ("events", "by"),
    [
        ([VoteCast(comment="c1", value=1)], BEN),
        ([ReportFiled(comment="c1", revision=1, reason="spam")], BEN),
        ([CommentPinned(comment="c1")], MOD),
        ([ThreadArchived()], MOD),
    ],
)
def test_votes_reports_and_what_happens_to_the_thread_are_no_acts_on_the_comment(events: list[Event], by: Any) -> None:
    story = decided(posted(rule="links"), verdict="approve")
    for event in events:
        story.record(event, by)
    story.when(UNDO).then(undone()).leaves(status="pending")


def test_what_no_batch_decided_cannot_be_named() -> None:
    given(posted()).when(UNDO).refused(NotFound)
    decided(posted(), verdict="reject", batch=None).when(UNDO).refused(NotFound)
    decided(posted(), verdict="reject", batch="other").when(UNDO).refused(NotFound)


def test_the_last_batches_can_be_named() -> None:
    story = given(posted())
    for number in range(KEPT_BATCHES + 2):
        kind = CommentHeld if number % 2 else CommentRejected
        story.record(kind(comment="c1", revision=1), MOD, batch=f"b{number}")
    assert list(story.comment("c1").batches) == [f"b{number}" for number in range(2, KEPT_BATCHES + 2)]
    story.when(ReverseDecision(comment="c1", batch="b1")).refused(NotFound)
    story.when(ReverseDecision(comment="c1", batch="b2")).refused(StaleStatus)
    story.when(ReverseDecision(comment="c1", batch=f"b{KEPT_BATCHES + 1}")).is_taken()


def test_only_moderators_reverse() -> None:
    story = decided(posted(), verdict="hold")
    story.when(UNDO, by=BEN).refused(NotAllowed)
    story.when(UNDO, by=AUDITOR).refused(NotAllowed)


def test_a_decision_that_was_reversed_may_be_made_again() -> None:
    story = decided(posted(), verdict="reject").when(UNDO).then(undone())
    story.when(Decide(comment="c1", verdict="reject", revision=1, reason="r", status="published")).is_taken()


def refused(story: Story) -> dict[str, Any]:
    with pytest.raises(StaleStatus) as caught:
        story.when(UNDO).is_taken()
    return caught.value.extra
