"""Rehearsal of the rule `reports_over`: what another policy would have done when a report was filed. Pure.

The number of open reports is the one that the event recorded. Where no rule counted them then, the caller counts those
of members since the beginning of the period, as if the rule had been set there.
"""

from core.domain.rehearsal import Outcome, RehearsedText
from core.domain.rules.premoderation import Hold
from core.domain.rules.registry import decoded
from core.domain.rules.reports_over import REPORTS_OVER, ReportsOver
from core.events.comment_events import CommentHeld, CommentRejected
from core.events.envelope import Recorded
from core.events.report_events import ReportFiled
from core.policy import Policy


def is_take_down(recorded: Recorded) -> bool:
    """Return True if the rule took the comment down."""
    actor = recorded.envelope.actor
    is_decision = isinstance(recorded.event, CommentHeld | CommentRejected)
    return is_decision and actor.kind == "system" and actor.id == REPORTS_OVER


def rehearse_report(
    recorded: Recorded, event: ReportFiled, policy: Policy, earlier: int | None, taken_down: Recorded | None
) -> RehearsedText:
    """Judge the comment by its reports, this one the last.

    `policy` is that of the thread, `earlier` the number of reports by members that were open before, None if it is not
    known, and `taken_down` the event by which the rule of that time took the comment down. A comment that another
    report would have taken down before counts as unchanged.
    """
    rules = decoded(policy.rules).of(ReportsOver)
    before = _outcome(taken_down)
    of_member = int(recorded.envelope.actor.kind != "guest")
    if event.open:
        earlier = event.open - of_member
    if earlier is None and rules:
        return RehearsedText(before=before, after=before, unknown=(REPORTS_OVER,))
    number = earlier or 0
    rule = next((one for one in rules if number + of_member > one.reports), None)
    if rule is None:
        after: Outcome = "published"
    elif before == "published" and any(number > one.reports for one in rules):
        after = before
    else:
        after = "rejected" if rule.action == "reject" else "held"
    return RehearsedText(
        before=before,
        after=after,
        rule=None if taken_down is None else REPORTS_OVER,
        hold=None if rule is None else Hold(REPORTS_OVER),
    )


def _outcome(taken_down: Recorded | None) -> Outcome:
    if taken_down is None:
        return "published"
    return "rejected" if isinstance(taken_down.event, CommentRejected) else "held"
