"""The events of a comment that figures count, and the mark that each of them leaves.

`KINDS` is the registry: a new kind of event that figures count is an entry here. Figures count it by its type; a report
that counts it otherwise has an entry in its `COUNTERS` (`projections.figures`). A mark is made of the comment as it was
before the event, and never changes. An event of an import leaves a mark without codes: figures count how many of these
were left out.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from core.domain.decision import Decision, Verdict
from core.domain.moderated_comment import VERDICTS, Ruled, Written
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    DecisionReversed,
)
from core.events.envelope import Recorded
from core.events.event import Event
from core.events.import_events import IMPORT
from core.events.report_events import NoticeFiled
from core.events.screening import SCREENING
from core.events.statement_events import AppealDecided, AppealFiled
from core.events.vote_events import VoteRestored, VoteVoided
from core.position import Position
from projections.thread.state import CommentState, FigureMark, ThreadState

IMPORTED: Final = "i"
"""Flag of an event of an import."""
RESTRICTS: Final = "r"
"""Flag of a decision that restricts a text: a rejection of one that was not rejected, or a hold of one that stood."""
OVERTURNS: Final = "o"
"""Flag of an approval of a rejected text, and of a rejection of an approved one."""
OF_A_RULE: Final = "a"
"""Flag beside OVERTURNS: a rule had decided."""
FLAGGER: Final = "f"
"""Flag of a notice by a flagger whom the policy trusts, and of the decision that closed it."""
OWN: Final = "w"
"""Flag of a notice that staff filed of their own initiative, and of the decision that closed it."""
SPAM: Final = "s"
"""Flag of a rejection as spam."""


Make = Callable[[CommentState | None, Recorded, Any], FigureMark | None]
"""Makes the mark of an event from the comment before it; None if no figure counts the event."""


def mark(make: Make, thread: ThreadState, recorded: Recorded) -> FigureMark | None:
    """The mark that an event of a kind leaves, before it is applied; None if no figure counts it."""
    made = make(thread.rows.get(recorded.envelope.comment or ""), recorded, recorded.event)
    if made is not None and recorded.envelope.cause == IMPORT:
        # It stands at the time at which it happened: the figures of that time lack it.
        at = Position(max(recorded.occurred_at, 0), made.position.n)
        return FigureMark(position=at, kind=made.kind, flags=IMPORTED)
    return made


def add(thread: ThreadState, recorded: Recorded, marked: FigureMark) -> None:
    """Add the mark of an event to its comment, after the event was applied."""
    comment = thread.rows[recorded.envelope.comment or ""]
    comment.figures = [*comment.figures, marked]


def _made(recorded: Recorded, **codes: Any) -> FigureMark:
    return FigureMark(position=recorded.position, kind=recorded.envelope.type, revision=recorded.revision, **codes)


def _written(_: CommentState | None, recorded: Recorded, event: Written) -> FigureMark | None:
    """The mark of a text that a rule held or rejected as it was written. To wait for the screener is no decision."""
    if event.rule is None or event.rule == SCREENING:
        return None
    return _made(
        recorded,
        verdict="reject" if event.rejected else "hold",
        rule=event.rule,
        basis="rule",
        flags=RESTRICTS if event.rejected else "",
    )


def _ruled(comment: CommentState | None, recorded: Recorded, event: Ruled) -> FigureMark:
    """The mark of a decision on a text, by a moderator or by a rule."""
    assert comment is not None
    actor, text, verdict = recorded.envelope.actor, comment.texts[event.revision], VERDICTS[type(event)]
    by_rule = actor.kind == "system"
    reference = None if isinstance(event, CommentHeld) else event.notice
    notice = None if reference is None else comment.notices[reference]
    flags = [RESTRICTS] if _restricts(comment, event.revision, verdict) else []
    if _overturns(text.decision, verdict):
        flags += [OVERTURNS, *([OF_A_RULE] if text.decision is not None and text.decision.automated else [])]
    if notice is not None:
        flags += _of_filer(flagger=notice.flagger, own=notice.own)
    if isinstance(event, CommentRejected) and event.spam:
        flags.append(SPAM)
    queued = comment.queued_since
    return _made(
        recorded,
        verdict=verdict,
        by=None if by_rule else actor.id,
        rule=actor.id if by_rule else text.held_by_rule if event.basis == "rule" else None,
        code=event.code,
        ground=event.ground,
        basis="rule" if by_rule and event.basis == "own" else event.basis,
        since=None if queued is None else queued.ms,
        flags="".join(flags),
        notice=reference,
        noticed=None if notice is None else notice.at,
    )


def _restricts(comment: CommentState, revision: int, verdict: Verdict) -> bool:
    if verdict == "reject":
        return comment.texts[revision].verdict_status != "rejected"
    return verdict == "hold" and comment.published and comment.standing == revision


def _overturns(before: Decision | None, verdict: Verdict) -> bool:
    return before is not None and {before.verdict, verdict} == {"approve", "reject"}


def _reversed(comment: CommentState | None, recorded: Recorded, event: DecisionReversed) -> FigureMark:
    """The mark of a reversal: `since` is the time of the decision that it undoes."""
    assert comment is not None
    decision = comment.texts[event.revision].decision
    return _made(recorded, by=recorded.envelope.actor.id, since=None if decision is None else decision.position.ms)


def _voided(_: CommentState | None, recorded: Recorded, event: VoteVoided | VoteRestored) -> FigureMark:
    """The mark of a vote that is void, or no longer: by whom, and of whose vote it says nothing."""
    del event
    return _made(recorded, by=recorded.envelope.actor.id)


def _noticed(_: CommentState | None, recorded: Recorded, event: NoticeFiled) -> FigureMark:
    flags = _of_filer(flagger=event.flagger, own=event.by == "staff")
    return _made(recorded, notice=event.reference, flags="".join(flags))


def _of_filer(*, flagger: bool, own: bool) -> list[str]:
    """The flags of a notice by who filed it."""
    return [*([FLAGGER] if flagger else []), *([OWN] if own else [])]


def _appealed(comment: CommentState | None, recorded: Recorded, event: AppealFiled) -> FigureMark:
    """The mark of an appeal: the decision that it is against was by a rule, or by `by`."""
    assert comment is not None
    decision = comment.texts[event.revision or 0].decision
    if decision is None:
        return _made(recorded)
    return _made(recorded, by=None if decision.automated else decision.by, rule=decision.rule)


def _appeal_decided(comment: CommentState | None, recorded: Recorded, event: AppealDecided) -> FigureMark:
    """The mark of a decided appeal: it had waited since it was filed."""
    assert comment is not None
    decision = comment.texts[event.revision or 0].decision
    appeal = None if decision is None else decision.appeal
    return _made(
        recorded,
        verdict=event.verdict,
        by=recorded.envelope.actor.id,
        since=None if appeal is None else appeal.filed.ms,
    )


KINDS: Final[Mapping[type[Event], Make]] = {
    CommentPosted: _written,
    CommentEdited: _written,
    CommentHeld: _ruled,
    CommentApproved: _ruled,
    CommentRejected: _ruled,
    DecisionReversed: _reversed,
    NoticeFiled: _noticed,
    AppealFiled: _appealed,
    AppealDecided: _appeal_decided,
    VoteVoided: _voided,
    VoteRestored: _voided,
}
"""The function that makes the mark of each kind of event."""
