from typing import Any

import pytest

from core.caller import Caller
from core.domain.handler import Command
from core.domain.moderation import Decide, FeatureComment, PinComment, RedactRevision
from core.events.comment_events import (
    CommentApproved,
    CommentFeatured,
    CommentHeld,
    CommentPinned,
    CommentRejected,
    CommentRestored,
    CommentUnfeatured,
    CommentUnpinned,
    CommentWithdrawn,
    RevisionRedacted,
)
from core.events.event import Event
from core.events.member_events import MemberSuspended
from core.events.report_events import ReportFiled
from core.events.thread_events import ThreadArchived, ThreadClosed
from core.refusals import (
    CommentNotPublished,
    NotAllowed,
    NotFound,
    NotTopLevel,
    RevisionIsPublished,
    RevisionIsRedacted,
    StaleRevision,
    StaleStatus,
    Suspended,
)
from tests.support.people import ADA, ADMIN, AUDITOR, BEN, GUEST, LINK, OTHER_MOD, edited, posted, reply
from tests.support.story import Story, before_anything, given, given_a_site

PENDING = posted(body=LINK, rule="links")
WAITS = edited(2, LINK, rule="links")
AGAIN = edited(2, "second words", rule="edit-under-review")
WITHDRAWN = CommentWithdrawn(comment="c1")
RESTORED = CommentRestored(comment="c1")
REPORTED = ReportFiled(comment="c1", revision=1, reason="spam")
EVENTS: dict[str, Any] = {"approve": CommentApproved, "hold": CommentHeld, "reject": CommentRejected}


def approve(revision: int, **fields: Any) -> Decide:
    return Decide(comment="c1", verdict="approve", revision=revision, **fields)


def hold(revision: int, **fields: Any) -> Decide:
    return Decide(comment="c1", verdict="hold", revision=revision, **fields)


def reject(revision: int, **fields: Any) -> Decide:
    return Decide(comment="c1", verdict="reject", revision=revision, **fields)


def approved(revision: int, **fields: Any) -> CommentApproved:
    return CommentApproved(comment="c1", revision=revision, **fields)


def held(revision: int, **fields: Any) -> CommentHeld:
    return CommentHeld(comment="c1", revision=revision, **fields)


def rejected(revision: int, **fields: Any) -> CommentRejected:
    return CommentRejected(comment="c1", revision=revision, **fields)


def redacted(revision: int) -> RevisionRedacted:
    return RevisionRedacted(comment="c1", revision=revision)


REDACT = RedactRevision(comment="c1", revision=1, reason="address")
FEATURE = FeatureComment(comment="c1", featured=True)
UNFEATURE = FeatureComment(comment="c1", featured=False)
PIN = PinComment(comment="c1", pinned=True)
UNPIN = PinComment(comment="c1", pinned=False)
ALL = [approve(1), hold(1), reject(1), REDACT, FEATURE, UNFEATURE, PIN, UNPIN]


# --- what a decision makes of a comment ---


@pytest.mark.parametrize(
    ("before", "decision", "status", "standing"),
    [
        # what waits from the start
        ([PENDING], approve(1), "published", 1),
        ([PENDING], hold(1), "pending", None),
        ([PENDING], reject(1), "rejected", None),
        ([PENDING, rejected(1)], approve(1), "published", 1),
        ([PENDING, rejected(1)], hold(1), "pending", None),
        ([PENDING, edited(2, "x", rule="links")], approve(2), "published", 2),
        ([PENDING, edited(2, "x", rule="links")], reject(2), "rejected", None),
        # what stands
        ([posted()], hold(1), "pending", 1),
        ([posted()], reject(1), "rejected", 1),
        ([posted(), edited(2, "x")], reject(2), "rejected", 2),
        ([posted(), held(1)], approve(1), "published", 1),
        ([posted(), held(1)], reject(1), "rejected", 1),
        ([posted(), rejected(1)], hold(1), "pending", 1),
        ([posted(), rejected(1)], approve(1), "published", 1),
        # a later revision of a published comment
        ([posted(), WAITS], approve(2), "published", 2),
        ([posted(), WAITS], hold(2), "published", 1),
        ([posted(), WAITS], reject(2), "published", 1),
        ([posted(), WAITS, rejected(2)], approve(2), "published", 2),
        ([posted(), WAITS], approve(1, reason="fine"), "published", 1),
        # taking the standing one down while a later one waits
        ([posted(), WAITS], hold(1), "pending", 1),
        ([posted(), WAITS], reject(1), "pending", 1),
        ([posted(), WAITS, held(2)], reject(1), "pending", 1),
        ([posted(), WAITS, rejected(2)], reject(1), "rejected", 1),
        ([posted(), WAITS, rejected(2)], hold(1), "pending", 1),
        # an edit of what was taken down
        ([posted(), rejected(1), AGAIN], approve(2), "published", 2),
        ([posted(), rejected(1), AGAIN], approve(1), "published", 1),
        ([posted(), rejected(1), AGAIN], reject(2), "rejected", 1),
        ([posted(), rejected(1), AGAIN, rejected(2)], hold(2), "pending", 1),
        ([posted(), rejected(1), AGAIN, rejected(2)], hold(1), "pending", 1),
        ([posted(), rejected(1), AGAIN], reject(1, reason="still"), "pending", 1),
        ([posted(), held(1), AGAIN], reject(2), "rejected", 1),
        # while it is withdrawn
        ([posted(), WITHDRAWN], reject(1), "rejected", 1),
        ([posted(), WITHDRAWN], hold(1), "pending", 1),
        ([PENDING, WITHDRAWN], approve(1), "published", 1),
        ([posted(), WAITS, WITHDRAWN], approve(2), "published", 2),
    ],
)
def test_a_decision_is_recorded_on_its_revision_and_gives_the_status(
    before: list[Event], decision: Decide, status: Any, standing: int | None
) -> None:
    (event,) = given(*before).when(decision).events()
    basis = event.basis  # type: ignore[attr-defined] # of a decision: tests/core/domain/test_basis.py
    fields = {"revision": decision.revision, "reason": decision.reason, "basis": basis}
    withdrawn = WITHDRAWN in before
    story = given(*before).when(decision).then(EVENTS[decision.verdict](comment="c1", **fields))
    story.leaves(
        status=status, standing=standing, withdrawn=withdrawn, published=status == "published" and not withdrawn
    )


def test_what_restoration_returns_to_is_what_was_decided_meanwhile() -> None:
    given(posted(), WITHDRAWN, rejected(1), RESTORED).leaves(status="rejected", published=False)
    given(PENDING, WITHDRAWN, approved(1), RESTORED).leaves(status="published", published=True)


def test_reason_and_note_are_recorded_as_text_that_can_be_seen() -> None:
    given(posted()).when(hold(1, reason=" rude\u202e ", note="\u200b")).then(held(1, reason="rude"))


def test_decisions_go_on_in_closed_and_archived_threads() -> None:
    given(posted(), ThreadClosed()).when(reject(1)).then(rejected(1))
    given(posted(), ThreadArchived()).when(hold(1)).then(held(1))
    given(PENDING, ThreadArchived()).when(approve(1)).then(approved(1, basis="rule"))


# --- in view of what was on the screen ---


def test_only_the_standing_and_the_latest_revision_are_decided_on() -> None:
    thrice = posted(), edited(2, "second"), edited(3, LINK, rule="links"), edited(4, LINK + "!", rule="links")
    for number in (0, 1, 3, 5):
        for decide in (approve, hold, reject):
            given(*thrice).when(decide(number)).refused(StaleRevision, current=4)
    given(*thrice).when(hold(2)).then(held(2))
    given(*thrice).when(approve(4)).then(approved(4, basis="rule")).leaves(standing=4)


def test_an_older_text_is_not_decided_on_once_another_was_approved() -> None:
    given(posted(), WAITS, approved(2)).when(approve(1)).refused(StaleRevision, current=2)


@pytest.mark.parametrize(
    ("before", "status"),
    [
        ([posted()], "published"),
        ([PENDING], "pending"),
        ([posted(), rejected(1)], "rejected"),
        ([posted(), rejected(1), WITHDRAWN], "withdrawn"),
        ([posted(), WITHDRAWN], "withdrawn"),
    ],
)
def test_a_decision_may_ask_for_the_status_that_was_on_the_screen(before: list[Event], status: Any) -> None:
    given(*before).when(hold(1, status=status)).is_taken()
    for other in {"published", "pending", "rejected", "withdrawn"} - {status}:
        given(*before).when(hold(1, status=other)).refused(StaleStatus, current=status)


def test_a_stale_revision_is_told_before_a_stale_status_and_that_before_a_redacted_text() -> None:
    gone = posted(), rejected(1), redacted(1), AGAIN
    given(*gone).when(approve(3, status="published")).refused(StaleRevision, current=2)
    given(*gone).when(approve(1, status="published")).refused(StaleStatus, current="pending")
    given(*gone).when(approve(1, status="pending")).refused(RevisionIsRedacted)


def test_a_redacted_text_is_not_approved_but_may_be_turned_down() -> None:
    given(PENDING, redacted(1)).when(approve(1)).refused(RevisionIsRedacted)
    given(PENDING, redacted(1)).when(reject(1)).then(rejected(1, basis="rule"))


# --- decisions that change nothing ---


def test_approving_what_stands_changes_nothing() -> None:
    given(posted()).when(approve(1)).nothing_happens(settled=3)
    given(posted(), edited(2, "x")).when(approve(2)).nothing_happens(settled=4)
    given(PENDING, approved(1)).when(approve(1)).nothing_happens(settled=4)
    given(posted(), WAITS).when(approve(1)).nothing_happens(settled=3)
    given(posted(), WITHDRAWN).when(approve(1)).nothing_happens(settled=3)


def test_approving_what_stands_with_a_word_says_something_once() -> None:
    given(posted()).when(approve(1, note="checked")).then(approved(1, note="checked"))
    given(posted(), approved(1, note="checked")).when(approve(1, reason="fine")).then(approved(1, reason="fine"))
    given(posted(), approved(1, note="checked")).when(approve(1)).nothing_happens(settled=4)


@pytest.mark.parametrize(("decide", "event"), [(hold, held), (reject, rejected)])
def test_the_same_decision_again_changes_nothing_another_reason_does(decide: Any, event: Any) -> None:
    done = given(posted(), event(1, reason="rude", note="n"))
    done.when(decide(1, reason="rude", note="n"), by=OTHER_MOD).nothing_happens(settled=4)
    given(posted(), event(1, reason="rude")).when(decide(1, reason="spam")).then(event(1, reason="spam"))
    given(posted(), event(1, reason="rude")).when(decide(1)).then(event(1))
    given(posted(), event(1), approved(1)).when(decide(1)).then(event(1))


def test_the_same_decision_again_counts_where_the_status_has_moved_since() -> None:
    moved = posted(), held(1), AGAIN, rejected(2)
    given(*moved).leaves(status="rejected").when(hold(1)).then(held(1)).leaves(status="pending")


def test_holding_what_a_rule_holds_is_a_decision_of_its_own() -> None:
    given(PENDING).when(hold(1)).then(held(1, basis="rule")).leaves(status="pending")


# --- open reports ---


@pytest.mark.parametrize(
    ("before", "decision", "event"),
    [
        ([posted(), REPORTED], approve(1), approved(1, basis="report")),
        ([posted(), approved(1), REPORTED], approve(1), approved(1, basis="report")),
        ([posted(), REPORTED, held(1)], approve(1), approved(1, basis="report")),
        ([posted(), REPORTED], reject(1), rejected(1, basis="report")),
        ([posted(), WAITS, rejected(2), REPORTED], reject(2), rejected(2, basis="report")),
    ],
)
def test_approval_and_rejection_close_open_reports(before: list[Event], decision: Decide, event: Any) -> None:
    assert _has_open_reports(given(*before))
    assert not _has_open_reports(given(*before).when(decision).then(event))


def test_a_hold_leaves_reports_open() -> None:
    assert _has_open_reports(given(posted(), REPORTED).when(hold(1)).then(held(1, basis="report")))
    given(posted(), REPORTED, held(1)).when(hold(1)).nothing_happens(settled=5)


def test_closed_reports_are_not_closed_again() -> None:
    given(posted(), REPORTED, approved(1)).when(approve(1)).nothing_happens(settled=5)


def _has_open_reports(story: Story) -> bool:
    reported_at = story.heads["l:c1"].position
    assert reported_at is not None
    return reported_at > story.comment("c1").closed_reports_at


# --- redaction ---


def test_a_text_that_stands_no_more_is_redacted() -> None:
    words = RevisionRedacted(comment="c1", revision=1, reason="address")
    given(posted(), edited(2, "x")).when(REDACT).then(words)
    given(posted(), rejected(1)).when(REDACT).then(words)
    given(posted(), held(1), ThreadArchived()).when(REDACT).then(words)
    given(PENDING).when(REDACT).then(words)
    given(PENDING, WITHDRAWN).when(REDACT).then(words)


def test_a_text_that_stands_is_not_redacted_withdrawn_or_not() -> None:
    given(posted()).when(REDACT).refused(RevisionIsPublished)
    given(posted(), WITHDRAWN).when(REDACT).refused(RevisionIsPublished)
    given(posted(), WAITS).when(REDACT).refused(RevisionIsPublished)
    given(PENDING, WITHDRAWN, approved(1)).when(REDACT).refused(RevisionIsPublished)


def test_a_waiting_text_of_a_published_comment_is_redacted() -> None:
    waiting = RedactRevision(comment="c1", revision=2, reason="address")
    story = given(posted(), WAITS).when(waiting).then(RevisionRedacted(comment="c1", revision=2, reason="address"))
    story.leaves(status="published", standing=1)


def test_a_text_is_redacted_once() -> None:
    given(posted(), rejected(1), redacted(1)).when(REDACT).nothing_happens(settled=5)


@pytest.mark.parametrize("number", [0, 2])
def test_a_revision_that_is_not_there_is_not_found(number: int) -> None:
    given(posted()).when(RedactRevision(comment="c1", revision=number, reason="x")).refused(NotFound)


# --- editors' picks ---


def test_a_published_comment_is_featured_and_no_longer() -> None:
    given(posted()).when(FEATURE).then(CommentFeatured(comment="c1")).leaves(featured=True)
    given(posted(), CommentFeatured(comment="c1")).when(UNFEATURE).then(CommentUnfeatured(comment="c1"))


def test_what_is_featured_already_or_not_at_all_stays() -> None:
    featured = CommentFeatured(comment="c1")
    given(posted(), featured, edited(2, "x")).when(FEATURE).nothing_happens(settled=4)
    given(posted(), edited(2, "x")).when(UNFEATURE).nothing_happens(settled=3)
    given(posted(), featured, CommentUnfeatured(comment="c1")).when(UNFEATURE).nothing_happens(settled=5)


@pytest.mark.parametrize("before", [[PENDING], [posted(), held(1)], [posted(), rejected(1)], [posted(), WITHDRAWN]])
def test_what_is_not_published_is_not_featured(before: list[Event]) -> None:
    given(*before).when(FEATURE).refused(CommentNotPublished)


def test_a_pick_that_was_taken_down_can_be_unpicked() -> None:
    taken_down = posted(), CommentFeatured(comment="c1"), rejected(1)
    given(*taken_down).when(UNFEATURE).then(CommentUnfeatured(comment="c1"))


# --- the pinned comment ---


def test_a_published_top_level_comment_is_pinned_and_no_longer() -> None:
    given(posted()).when(PIN).then(CommentPinned(comment="c1"))
    given(posted(), CommentPinned(comment="c1")).when(UNPIN).then(CommentUnpinned(comment="c1"))


def test_another_comment_takes_the_place_of_the_pinned_one() -> None:
    both = posted(), posted("c2"), CommentPinned(comment="c2")
    given(*both).when(PIN).then(CommentUnpinned(comment="c2"), CommentPinned(comment="c1"))
    taken_down = CommentRejected(comment="c2", revision=1)
    given(*both, taken_down).when(PIN).then(CommentUnpinned(comment="c2"), CommentPinned(comment="c1"))


def test_what_is_pinned_already_or_not_at_all_stays() -> None:
    pinned = CommentPinned(comment="c1")
    given(posted(), pinned, edited(2, "x")).when(PIN).nothing_happens(settled=4)
    given(posted(), edited(2, "x")).when(UNPIN).nothing_happens(settled=3)
    given(posted(), posted("c2"), CommentPinned(comment="c2")).when(UNPIN).nothing_happens(settled=5)


def test_a_reply_is_not_pinned() -> None:
    given(posted("c0"), reply("c1", "c0", 1)).when(PIN).refused(NotTopLevel)


@pytest.mark.parametrize("before", [[PENDING], [posted(), held(1)], [posted(), rejected(1)], [posted(), WITHDRAWN]])
def test_what_is_not_published_is_not_pinned(before: list[Event]) -> None:
    given(*before).when(PIN).refused(CommentNotPublished)


def test_a_pinned_comment_that_was_taken_down_can_be_unpinned() -> None:
    taken_down = posted(), CommentPinned(comment="c1"), rejected(1)
    given(*taken_down).when(UNPIN).then(CommentUnpinned(comment="c1"))


# --- who may ---


@pytest.mark.parametrize("command", ALL, ids=str)
@pytest.mark.parametrize("caller", [ADA, BEN, GUEST, ADMIN, AUDITOR], ids=lambda caller: caller.name)
def test_nobody_but_a_moderator_decides(command: Command, caller: Caller) -> None:
    given(posted()).when(command, by=caller).refused(NotAllowed)
    given(posted(), rejected(1)).when(command, by=caller).refused(NotAllowed)


@pytest.mark.parametrize("command", ALL, ids=str)
def test_a_suspended_moderator_decides_nothing(command: Command) -> None:
    given(posted(), MemberSuspended(member="mod")).when(command).refused(Suspended)


@pytest.mark.parametrize("command", ALL, ids=str)
def test_what_readers_never_saw_is_not_found_by_readers(command: Command) -> None:
    given(PENDING).when(command, by=BEN).refused(NotFound)
    given(PENDING).when(command, by=ADA).refused(NotAllowed)
    given(PENDING).when(command, by=AUDITOR).refused(NotAllowed)


@pytest.mark.parametrize("command", ALL, ids=str)
def test_what_was_never_posted_is_not_found(command: Command) -> None:
    given().when(command).refused(NotFound)
    given_a_site().when(command).refused(NotFound)
    before_anything().when(command).refused(NotFound)
