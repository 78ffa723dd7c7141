"""A member's own part of a thread: rows that others do not see, votes and reports."""

from typing import Any, Final

import msgspec
from msgspec import Raw

from core.domain.decision import Decision
from core.domain.moderated_comment import Revision
from core.domain.statement import RevisionDecision, adverse
from core.policy import Policy
from core.redis.script import Script
from core.throttle import Pace
from core.times import DAY_MS, rfc3339
from projections.read import page_json, viewer_rows
from projections.read.page_json import PageLine
from projections.read.queries import MemberOverlay
from projections.read.served_generation import Served
from projections.read.statements import own_appeal
from projections.read.walk import Onward, WalkScript, keys
from projections.views import ballots, filed_reports
from projections.views.viewer import Viewer

LONGEST_OVERLAY: Final = 100
"""Rows per overlay, and reports per overlay."""
OUTCOMES_MS: Final = 30 * DAY_MS
"""Milliseconds for which an overlay says what became of a report."""
APPEAL_WINDOW: Final = Policy().appeal_window
"""The default window for appeals, in days."""
_OVERLAY: Final[Script] = WalkScript("overlay")


async def of_member(
    served: Served, site: str, thread: str, member: str, now: int, window: int = APPEAL_WINDOW
) -> MemberOverlay | None:
    """The member's own rows and reports, newest first, and votes; None if the thread does not exist.

    `now` is in milliseconds since 1970: reports that were decided more than 30 days ago are left out. `window` is that
    for appeals, in days.
    """
    reply = await served.thread(
        _OVERLAY,
        site,
        thread,
        lambda views: (*keys(views), views.waiting, views.ballots, views.filed),
        (member, LONGEST_OVERLAY),
    )
    if not reply.parts:
        return None
    stored, cast, filed = reply.parts
    found = MemberOverlay(
        votes=dict(vote for one in cast.decode().splitlines() if (vote := _vote(member, one)) is not None),
        reports=[report for one in filed.decode().splitlines() if (report := _report(one, now)) is not None],
    )
    viewer, onward = Viewer(member), Onward(site, thread)
    pace = Pace()
    for line in page_json.read(stored):
        if pace.due:
            await pace.rest()
        _add(found, line, thread, viewer, onward, window)
    return found


def _add(found: MemberOverlay, line: PageLine, thread: str, viewer: Viewer, onward: Onward, window: int) -> None:
    """Add the row of a line to the list that it belongs to."""
    comment = viewer_rows.comment(line)
    shown = comment.latest
    row = viewer_rows.with_text(line, thread, viewer, shown, onward) if comment.published else None
    row = row or viewer_rows.row(line, thread, viewer, onward)
    if row is None:
        return
    status = comment.texts[shown].status if comment.published else comment.status
    if status == "withdrawn":
        found.withdrawn.append(Raw(row))
    elif status == "rejected":
        found.rejected.append(_with(row, decision=_statement(adverse(comment), window)))
    else:
        waiting = comment.undecided
        more: dict[str, Any] = {"held_by": held_by(comment.texts[shown if waiting is None else waiting])}
        against = adverse(comment)
        if against is not None and status == comment.status:
            more["decision"] = _statement(against, window)
        found.pending.append(_with(row, **more))


def held_by(text: Revision) -> dict[str, str | None]:
    """The reason that a text waits, as its author may know it: without the matched text and without staff ids.

    `reason` has the words of the rule for the author, if it has any.
    """
    decision = text.decision
    if decision is not None and not decision.automated:
        return {"kind": "staff", "name": None}
    reason = text.tells if decision is None else decision.reason
    screening = text.held_by_screening
    held: dict[str, str | None] = {"kind": "rule", "name": text.held_by_rule}
    if screening is not None:
        held = {"kind": "screening", "name": screening}
    return held if reason is None else {**held, "reason": reason}


def decided(decision: Decision | None) -> dict[str, Any] | None:
    """A verdict as shown to the author: the decider is reduced to a role."""
    if decision is None:
        return None
    return {
        "reason": decision.reason,
        "code": None if decision.spam else decision.code,
        "ground": None if decision.spam else decision.ground,
        "automated": decision.automated,
        "at": rfc3339(decision.at),
        "by": "rule" if decision.automated else "moderator",
    }


def _statement(against: RevisionDecision | None, window: int) -> dict[str, Any] | None:
    """The statement about a decision for its author: what was decided about which text, and how to appeal."""
    if against is None:
        return None
    revision, decision = against
    appeal = own_appeal(decision.appeal, decision.told, window)
    return {"revision": revision, "verdict": decision.verdict, **(decided(decision) or {}), "appeal": appeal}


def _with(row: bytes, **more: Any) -> Raw:
    """A row with more fields at its end."""
    return Raw(b"%b,%b" % (row[:-1], msgspec.json.encode(more)[1:]))


def _vote(member: str, words: str) -> tuple[str, dict[str, Any]] | None:
    """The vote of a member on a comment as they cast it, `voided` if it is void; None if they have none there."""
    _, comment, (cast, void) = ballots.decode(f"{member} {words}")
    if cast is not None:
        value, revision = cast
        return comment, {"value": value, "revision": revision}
    if void is None or void.restored or void.retracted:
        return None
    return comment, {"value": void.value, "revision": void.revision, "voided": True}


def _report(member: str, now: int) -> dict[str, Any] | None:
    """The report of a member of `filed`; None if it was decided too long ago."""
    filed = filed_reports.read(member)
    if filed.decided_at is not None and now - filed.decided_at > OUTCOMES_MS:
        return None
    return {
        "comment": filed.comment,
        "revision": filed.revision,
        "reason": filed.reason,
        "at": rfc3339(filed.at),
        "outcome": filed.outcome,
        "decided_at": None if filed.decided_at is None else rfc3339(filed.decided_at),
    }
