"""`hansard trail`: the events of one comment, in order, and the reason for its visibility."""

from collections.abc import Iterable
from typing import Annotated, Any, Final, NamedTuple

import anyio
import msgspec
from cyclopts import Parameter

from core import heads
from core.application.current_state import comment_of
from core.caller import Caller
from core.domain.comment import UNPOSTED, Comment, evolve
from core.events.envelope import Recorded, UnreadableEntry, read
from core.events.event import tag_of
from core.events.skip_events import EventSkipped
from core.events.types import VOTE_EVENTS
from core.ids import is_comment, is_site, is_thread
from core.log.port import HeadWanted, Load, Log
from core.position import START, Position
from core.refusals import NotFound
from projections.audit.merge import before
from projections.audit.records import AuditActor, AuditRecord, UnreadableRecord
from workers.cli import output
from workers.cli.event_lines import Choice, merged, record, redacted
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import last_of, reading
from workers.runtime import escaping
from workers.runtime.settings import Settings

_READER: Final = Caller(id="operator", name="operator", roles=frozenset({"auditor"}))
"""The caller on the command line: sees comments that are not public."""

VOTES: Final = frozenset(tag_of(event) for event in VOTE_EVENTS)


def trail(
    site: str,
    thread_or_comment: str,
    comment: Annotated[str | None, Parameter(help="The comment, if the thread is given before it.")] = None,
    /,
    *,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Show what happened to a comment, in order, with who did it, why, and by which rule.

    It begins with whether readers see the comment now, and why. Votes are left out: `hansard replay --site SITE
    --comment COMMENT` has them. With --json the events are as `/trail` shows them to staff. A comment without its
    thread is searched for in the whole log.

    For example:

        hansard trail sample nt-09

        hansard trail sample night-train nt-13

        hansard trail sample night-train nt-13 --json
    """
    thread, name = (None, thread_or_comment) if comment is None else (thread_or_comment, comment)
    for kind, value, good in (("site", site, is_site), ("thread", thread, is_thread), ("comment", name, is_comment)):
        if value is not None and not good(value):
            raise UsedWrongly(f"{value!r} is not a valid {kind} id")
    found = anyio.run(_find, where.quietly(), site, thread, name)
    if json:
        output.document(found)
    else:
        from workers.cli import wording

        wording.show_trail(output.console(), escaping.document(found))
    return 0


class Trail(NamedTuple):
    """The history of one comment."""

    comment: Comment
    since: Position
    """Position of the event that set the current status."""
    events: list[AuditRecord | UnreadableRecord]
    """The comment's events in order, without votes; events that skip one of them; unreadable entries."""


async def trail_of(log: Log, site: str, thread: str, comment: str) -> Trail:
    """Read the history of a comment. Raises NotFound, CannotFold."""
    now = await comment_of(log, site, thread, comment, caller=_READER)
    field = heads.comment(comment)
    loaded = await log.load(Load(site=site, thread=thread, heads=(HeadWanted(field),), reads=True))
    own = [read(*entry) for entry in loaded.events[field]]
    choice = Choice(site=site, thread=thread)
    redactions = await redacted(log, choice.partitions(log.partitions))
    events: list[AuditRecord | UnreadableRecord] = []
    positions: set[str] = set()
    skipped: set[str] = set()
    async for partition, recorded in merged(log, choice, before(own[0].position), None):
        if isinstance(recorded, UnreadableEntry):
            events.append(record(partition, recorded, redactions))
            continue
        envelope = recorded.envelope
        if envelope.comment == comment and envelope.type not in VOTES:
            positions.add(str(recorded.position))
            events.append(record(partition, recorded, redactions))
        elif isinstance(recorded.event, EventSkipped) and recorded.event.position in positions:
            skipped.add(recorded.event.position)
            events.append(record(partition, recorded, redactions))
    return Trail(now, _since([one for one in own if str(one.position) not in skipped]), events)


def decisions_of(events: Iterable[AuditRecord | UnreadableRecord]) -> dict[int, list[dict[str, Any]]]:
    """The holds and decisions among the events of a comment, by revision."""
    found: dict[int, list[dict[str, Any]]] = {}
    for event in events:
        if isinstance(event, UnreadableRecord):
            continue
        verdict = _verdict_of(event)
        if verdict is None or event.revision is None:
            continue
        # The reason of an edit is its author's, not that of the rule that held it.
        facts = ("rule", "match") if "rule" in event.data else ("reason", "note")
        decision = {"position": event.position, "at": event.occurred_at, "verdict": verdict, "by": event.actor}
        if "rule" in event.data:
            decision["by"] = AuditActor(kind="system", id=None)
        decision |= {name: event.data[name] for name in facts if name in event.data}
        found.setdefault(event.revision, []).append(msgspec.to_builtins(decision))
    return found


def _verdict_of(event: AuditRecord) -> str | None:
    if event.type == "comment.screened":
        # A hold or a rejection by the screener is an event of its own beside this one.
        return "approve" if event.data["verdict"] == "approve" else None
    return _VERDICTS.get(event.type) or ("hold" if "rule" in event.data else None)


_VERDICTS: Final = {
    "comment.held": "hold",
    "comment.approved": "approve",
    "comment.rejected": "reject",
    "decision.reversed": "reverse",
    "revision.redacted": "redact",
}


def _since(own: Iterable[Recorded]) -> Position:
    """Position of the event that set the status that the comment has after all of them."""
    comment, since = UNPOSTED, START
    for recorded in own:
        after = evolve(comment, recorded)
        if not comment.exists or after.status != comment.status:
            since = recorded.position
        comment = after
    return since


async def _find(settings: Settings, site: str, thread: str | None, name: str) -> dict[str, Any]:
    async with reading(settings) as (log, served):
        if thread is None:
            thread = await _thread_of(log, site, name)
        await last_of(log, served, site, thread)
        found = await trail_of(log, site, thread, name)
    made = next((one for one in found.events if one.position == str(found.since)), None)
    comment = found.comment
    document: dict[str, Any] = msgspec.to_builtins(
        {
            "site": site,
            "thread": thread,
            "comment": name,
            "author": {"id": comment.author.id, "name": comment.author.name},
            "status": comment.status,
            "since": made,
            "events": found.events,
            "next": None,
        }
    )
    return document


async def _thread_of(log: Log, site: str, comment: str) -> str:
    """The thread of a comment, searched for in the whole log. Raises NotFound."""
    choice = Choice(site=site, comment=comment, types=frozenset({"comment.posted"}))
    async for _, recorded in merged(log, choice, START, None):
        if isinstance(recorded, Recorded):
            return recorded.envelope.thread
    raise NotFound("there is no such comment")
