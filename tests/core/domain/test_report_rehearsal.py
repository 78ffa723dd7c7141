"""What another rule about reports would have done when a report was filed, by the count that its event recorded."""

import pytest

from core.caller import Caller
from core.domain.rehearsal import RehearsedText
from core.domain.report_rehearsal import is_take_down, rehearse_report
from core.events.comment_events import CommentHeld, CommentRejected
from core.events.envelope import Recorded, Stamp, decode, encode
from core.events.event import Event
from core.events.report_events import ReportFiled
from core.policy import Policy
from core.position import Position
from tests.support.people import BEN, GUEST, MOD

RULE = Caller(id="reports_over", name="", kind="system")


def recorded(event: Event, by: Caller = BEN) -> Recorded:
    e, c = encode(event, Stamp(actor=by.actor, site="kew", thread="palm-house"))
    return decode(Position(1_700_000_000_000, 2), e + b',"tp":"","ap":""}', c)


def rehearsed(
    counted: int, reports: int, earlier: int | None = None, by: Caller = BEN, taken_down: Recorded | None = None
) -> RehearsedText:
    event = ReportFiled(comment="c1", reason="spam", open=counted)
    policy = Policy(rules=({"kind": "reports_over", "reports": reports},))
    return rehearse_report(recorded(event, by), event, policy, earlier, taken_down)


@pytest.mark.parametrize(
    ("counted", "earlier", "reports", "after"),
    [
        (3, None, 2, "held"),  # the event says how many were open
        (3, 0, 2, "held"),  # it knows of those before the period
        (3, None, 3, "published"),
        (4, None, 2, "published"),  # the one before would have taken it down
        (0, 2, 2, "held"),
        (0, 2, 3, "published"),
    ],
)
def test_a_comment_counts_with_the_report_that_is_one_too_many(
    counted: int, earlier: int | None, reports: int, after: str
) -> None:
    found = rehearsed(counted, reports, earlier)
    assert (found.before, found.after, found.unknown) == ("published", after, ())


def test_a_number_that_nobody_recorded_is_unknown_and_not_guessed() -> None:
    found = rehearsed(0, 2)
    assert (found.before, found.after, found.unknown) == ("published", "published", ("reports_over",))
    event = ReportFiled(comment="c1", reason="spam")
    assert rehearse_report(recorded(event), event, Policy(), None, None).unknown == (), "no rule needs it"


def test_a_report_of_a_guest_takes_nothing_down() -> None:
    assert rehearsed(0, 2, 2, by=GUEST).after == "published"


def test_what_was_taken_down_is_told_from_what_staff_decided() -> None:
    held = recorded(CommentHeld(comment="c1", revision=1, basis="report", rule="reports_over"), RULE)
    rejected = recorded(CommentRejected(comment="c1", revision=1, basis="report", rule="reports_over"), RULE)
    assert is_take_down(held)
    assert is_take_down(rejected)
    assert not is_take_down(recorded(CommentRejected(comment="c1", revision=1, basis="report"), MOD))
    assert not is_take_down(recorded(ReportFiled(comment="c1", reason="spam")))
    assert (rehearsed(3, 2, taken_down=held).before, rehearsed(3, 2, taken_down=held).after) == ("held", "held")
    assert (rehearsed(3, 5, taken_down=rejected).before, rehearsed(3, 5, taken_down=rejected).after) == (
        "rejected",
        "published",
    )
