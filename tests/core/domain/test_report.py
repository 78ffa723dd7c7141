from typing import Any

import pytest

from core.caller import Caller
from core.domain import report
from core.domain.report import FileReport
from core.events.comment_events import CommentApproved, CommentHeld, CommentRejected, CommentWithdrawn
from core.events.member_events import MemberSuspended
from core.events.report_events import ReportFiled
from core.events.thread_events import ThreadArchived, ThreadClosed
from core.refusals import CommentNotPublished, NotAllowed, NotFound, StaleRevision, Suspended, ThreadIsArchived
from tests.support.people import ADA, ADMIN, AUDITOR, BEN, EVE, GUEST, LINK, MOD, edited, policy, posted
from tests.support.story import before_anything, by, given, given_a_site

REPORT = FileReport(comment="c1", reason="spam", note="look")
FILED = ReportFiled(comment="c1", revision=1, reason="spam", note="look")
PENDING = posted(rule="links")


def test_a_member_reports_the_standing_revision() -> None:
    given(posted()).when(REPORT).then(FILED)
    second = ReportFiled(comment="c1", revision=2, reason="spam", note="look")
    given(posted(), edited(2, "x")).when(REPORT).then(second)


def test_a_report_may_name_any_revision_that_readers_saw_and_no_other() -> None:
    waiting = posted(), edited(2, "x"), edited(3, LINK, rule="links")
    given(*waiting).when(FileReport(comment="c1", reason="spam", note="look", revision=1)).then(FILED)
    for number in (0, 3, 4):
        given(*waiting).when(FileReport(comment="c1", reason="spam", revision=number)).refused(StaleRevision, current=2)


def test_a_note_is_text_that_can_be_seen_or_none() -> None:
    filed = ReportFiled(comment="c1", revision=1, reason="spam")
    given(posted()).when(FileReport(comment="c1", reason="spam", note="\u200b")).then(filed)
    given(posted()).when(FileReport(comment="c1", reason="spam")).then(filed)
    given(posted()).when(FileReport(comment="c1", reason="spam", note="lo\u202eok ")).then(FILED)


def test_a_member_has_one_open_report_a_comment() -> None:
    given(posted(), FILED).when(FileReport(comment="c1", reason="insult")).nothing_happens(settled=4)
    given(posted(), by(EVE, FILED)).when(REPORT).then(FILED)


def test_a_report_is_closed_by_approval_and_by_rejection_of_whatever_revision() -> None:
    given(posted(), FILED, CommentApproved(comment="c1", revision=1)).when(REPORT).then(FILED)
    waiting = posted(), FILED, edited(2, LINK, rule="links"), CommentRejected(comment="c1", revision=2)
    given(*waiting).when(REPORT).then(FILED)


def test_a_hold_leaves_a_report_open() -> None:
    waiting = posted(), FILED, edited(2, LINK, rule="links"), CommentHeld(comment="c1", revision=2)
    given(*waiting).when(REPORT).nothing_happens(settled=4)


def test_reports_go_on_in_closed_threads_and_end_in_archived_ones() -> None:
    given(posted(), ThreadClosed()).when(REPORT).then(FILED)
    given(posted(), ThreadArchived()).when(REPORT).refused(ThreadIsArchived)


def test_nobody_reports_what_they_wrote() -> None:
    given(posted()).when(REPORT, by=ADA).refused(NotAllowed)


@pytest.mark.parametrize("caller", [MOD, ADMIN], ids=lambda caller: caller.name)
def test_staff_reports_like_members(caller: Caller) -> None:
    given(posted()).when(REPORT, by=caller).then(FILED)


@pytest.mark.parametrize("caller", [GUEST, AUDITOR], ids=lambda caller: caller.name)
def test_neither_guests_nor_auditors_report(caller: Caller) -> None:
    given(posted(), policy(comment="anyone")).when(REPORT, by=caller).refused(NotAllowed)


def test_a_suspended_member_does_not_report() -> None:
    given(posted(), MemberSuspended(member="ben")).when(REPORT).refused(Suspended)


@pytest.mark.parametrize(
    "fate",
    [
        CommentHeld(comment="c1", revision=1),
        CommentRejected(comment="c1", revision=1),
        CommentWithdrawn(comment="c1"),
    ],
)
def test_what_is_not_published_any_more_is_not_reported(fate: Any) -> None:
    given(posted(), fate).when(REPORT).refused(CommentNotPublished)


def test_what_readers_never_saw_is_reported_by_nobody() -> None:
    given(PENDING).when(REPORT, by=BEN).refused(NotFound)
    given(PENDING).when(REPORT, by=GUEST).refused(NotFound)
    given(PENDING).when(REPORT, by=MOD).refused(CommentNotPublished)


def test_what_was_never_posted_is_not_found() -> None:
    given().when(REPORT).refused(NotFound)
    given_a_site().when(REPORT).refused(NotFound)
    before_anything().when(REPORT).refused(NotFound)


def test_the_head_of_a_report_tells_it_as_its_events_do() -> None:
    story = given(posted())
    state = report.evolve(report.Report(), story.record(FILED, BEN))
    assert state == report.Report(position=story.heads["r:c1:ben"].position)
