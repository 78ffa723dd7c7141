"""What brought a text before whoever decided is in the event of the decision, for figures that outlive erasure."""

from typing import Any

import pytest

from core.domain.member import SuspendMember
from core.domain.moderation import Decide
from core.domain.report import FileReport
from core.events.comment_events import Basis, CommentApproved, CommentHeld, CommentRejected
from core.events.envelope import TODAY, Stamp, decode
from core.events.event import Event
from core.events.member_events import MemberSuspended
from core.events.report_events import NoticeFiled, ReportFiled
from core.position import Position
from tests.support.people import BEN, LINK, MOD, edited, policy, posted
from tests.support.story import given

REPORTED = ReportFiled(comment="c1", revision=1, reason="insult")
NOTICED = NoticeFiled(comment="c1", revision=1, reference="n1", explanation="It lies.")
BY_RULE = posted(rule="links")
TURNED_DOWN = posted(rule="words", rejected=True)


def decide(verdict: Any = "reject", **fields: Any) -> Decide:
    return Decide(comment="c1", verdict=verdict, revision=1, **fields)


@pytest.mark.parametrize(
    ("before", "basis"),
    [
        ((posted(),), "own"),
        ((BY_RULE,), "rule"),
        ((TURNED_DOWN,), "rule"),
        ((BY_RULE, CommentApproved(comment="c1", revision=1)), "own"),
        ((posted(), REPORTED), "report"),
        ((posted(), REPORTED, CommentApproved(comment="c1", revision=1)), "own"),
        ((posted(), REPORTED, CommentHeld(comment="c1", revision=1, rule="reports_over")), "report"),
        ((posted(), NOTICED), "own"),
        ((posted(), edited(2, LINK, rule="links")), "own"),
    ],
)
def test_a_decision_says_what_brought_the_text_before_the_moderator(before: tuple[Event, ...], basis: Basis) -> None:
    verdict = "approve" if before[0] is TURNED_DOWN else "reject"
    (event,) = given(*before).when(decide(verdict)).events()
    assert isinstance(event, CommentApproved | CommentRejected)
    assert event.basis == basis


def test_a_decision_that_names_a_notice_is_based_on_it_whoever_reported_it_too() -> None:
    (event,) = given(posted(), REPORTED, NOTICED).when(decide(ground="law", notice="n1")).events()
    assert isinstance(event, CommentRejected)
    assert event.basis == "notice"


def test_a_rule_that_counts_reports_is_based_on_them() -> None:
    rules = policy(rules=({"kind": "reports_over", "reports": 0},))
    _, held = given(rules, posted()).when(FileReport(comment="c1", reason="insult"), BEN).events()
    assert held == CommentHeld(comment="c1", revision=1, basis="report", rule="reports_over")


def test_a_suspension_has_the_ground_of_its_code() -> None:
    given().when(SuspendMember(member="ada", code="hatred"), MOD).then(
        MemberSuspended(member="ada", by_role="moderator", code="hatred", ground="law")
    )
    given().when(SuspendMember(member="ada", reason="rude"), MOD).then(
        MemberSuspended(member="ada", by_role="moderator", reason="rude")
    )


@pytest.mark.parametrize(
    "event",
    [
        CommentHeld(comment="c1", revision=1, basis="report"),
        CommentRejected(comment="c1", revision=1, basis="rule", reason="rude"),
        CommentApproved(comment="c1", revision=1, basis="rule"),
        MemberSuspended(member="ada", code="hatred", ground="law"),
    ],
)
def test_moderators_go_on_before_an_upgrade_without_what_only_figures_read(event: Event) -> None:
    stamp = Stamp(actor=MOD.actor, site="unherd", thread="t")
    for format_ in (3, 4):
        if isinstance(event, MemberSuspended) and format_ < 4:
            continue  # a code waits for the upgrade, as it did
        e, c = TODAY.encode(event, stamp, format_)
        found = decode(Position(1, 1), e + b',"tp":""}', c).event
        assert type(found) is type(event)
        assert (found == event) == (format_ == 4)
