"""The rule `reports_over`: a comment that more than some members reported is taken down with the last report."""

from typing import Any, Final

from core.caller import Caller
from core.domain.report import FileReport
from core.events.comment_events import CommentApproved, CommentHeld, CommentRejected
from core.events.report_events import ReportFiled
from tests.support.people import BEN, EVE, policy, post, posted
from tests.support.story import by, given

CAL: Final = Caller(id="cal", name="Cal")
REPORT: Final = FileReport(comment="c1", reason="spam")
RULE: Final[dict[str, Any]] = {"kind": "reports_over", "reports": 1, "tells": {"en": "Several readers reported it."}}
HELD: Final = CommentHeld(
    comment="c1", revision=1, basis="report", rule="reports_over", reason="Several readers reported it."
)


def filed(count: int) -> ReportFiled:
    """A report, and how many are open with it."""
    return ReportFiled(comment="c1", reason="spam", open=count)


def test_the_report_that_is_one_too_many_takes_the_comment_down() -> None:
    story = given(policy(rules=(RULE,)), posted())
    story.when(REPORT, by=BEN).then(filed(1)).leaves(published=True)
    story.when(REPORT, by=EVE).then(filed(2), HELD).leaves(published=False, status="pending")
    decision = story.comment("c1").texts[1].decision
    assert decision is not None
    assert (decision.by, decision.kind, decision.rule) == ("reports_over", "system", "reports_over")
    assert story.comment("c1").texts[1].held_by_rule == "reports_over"


def test_where_the_rule_rejects_the_comment_is_rejected() -> None:
    rejects = RULE | {"action": "reject", "reports": 0}
    rejected = CommentRejected(
        comment="c1", revision=1, basis="report", rule="reports_over", reason="Several readers reported it."
    )
    given(policy(rules=(rejects,)), posted()).when(REPORT).then(filed(1), rejected).leaves(status="rejected")


def test_an_approval_begins_the_count_again() -> None:
    story = given(policy(rules=(RULE,)), posted(), by(BEN, filed(1)), by(EVE, filed(2)), HELD)
    story.when(REPORT, by=CAL)
    story.record(CommentApproved(comment="c1", revision=1), Caller(id="mod", name="Mo", roles=frozenset({"moderator"})))
    story.when(REPORT, by=CAL).then(filed(1)).leaves(published=True)
    story.when(REPORT, by=BEN).then(filed(2), HELD)


def test_without_the_rule_reports_are_not_counted_and_take_nothing_down() -> None:
    story = given(posted(), by(BEN, filed(0)))
    story.when(REPORT, by=EVE).then(filed(0)).leaves(published=True)
    story.record(policy(rules=(RULE,)), Caller(id="adm", name="Adam", roles=frozenset({"admin"})))
    story.when(REPORT, by=CAL).then(filed(1)).leaves(published=True)


def test_the_rule_holds_no_text() -> None:
    given(policy(rules=(RULE,))).when(post(), by=BEN).then(posted("new", "new words", name="Ben"))
