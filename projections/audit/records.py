"""The one shape in which events are told: by the trail of a comment, the audit, and `hansard replay --json`.

    {"position", "partition", "at", "occurred_at", "type", "actor": {"kind", "id"},
     "site", "thread"?, "comment"?, "revision"?, "data": {…}}

An entry that cannot be read stands in its place as `{"position", "type": "unreadable"}`: nothing else is known of it.
`data` is everything else that the event says: its facts and words, and what judged and caused it. A text that was
redacted is told to nobody. Whether it was is asked of the log itself (`redacted`), never of a view that may lag.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from core import heads
from core.application.aggregates import AggregateCache, load_aggregates
from core.domain.comment import Comment
from core.events.envelope import Recorded
from core.events.types import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    ReportFiled,
    UnknownEvent,
    UnreadableEvent,
    VoteCast,
    VoteRetracted,
)
from core.log.port import Log
from core.times import rfc3339

_SAID_BEFORE: Final = ("type", "comment", "revision")
_CIRCUMSTANCES: Final = ("cause", "batch", "by_policy", "by_standing")
_WORDS: Final = ("body", "match", "reason")
"""What an author wrote with a text, and what was found in it: gone with the text."""
_TIMES: Final = frozenset({"until"})
"""Facts that are times, and told as such."""
_COMMENTS_A_LOAD: Final = 50


class AuditActor(Struct, frozen=True, kw_only=True):
    """Who did it; `id` is None where that is not told."""

    kind: str
    id: str | None


class AuditRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event, as it is told."""

    position: str
    partition: int
    at: str
    """When it was recorded."""
    occurred_at: str
    type: str
    actor: AuditActor
    site: str
    thread: str | None = None
    comment: str | None = None
    revision: int | None = None
    data: dict[str, Any]


class UnreadableRecord(Struct, frozen=True, kw_only=True):
    """An entry that cannot be read, in its place among the events."""

    position: str
    type: Literal["unreadable"] = "unreadable"


def record_of(recorded: Recorded, partition: int, redacted: Mapping[str, frozenset[int]]) -> AuditRecord:
    """An event as staff is told it. `redacted` names the texts that are gone, by comment (see `redacted`)."""
    envelope = recorded.envelope
    data = _facts(recorded)
    if _is_text(recorded) and recorded.revision in redacted.get(envelope.comment or "", ()):
        for name in _WORDS:
            data.pop(name, None)
    for name in _CIRCUMSTANCES:
        value = getattr(envelope, name)
        if value is not None:
            data[name] = value
    return AuditRecord(
        position=str(recorded.position),
        partition=partition,
        at=rfc3339(recorded.position.ms),
        occurred_at=rfc3339(recorded.occurred_at),
        type=envelope.type,
        actor=AuditActor(kind=envelope.actor.kind, id=envelope.actor.id),
        site=envelope.site,
        thread=envelope.thread or None,
        comment=envelope.comment,
        revision=recorded.revision,
        data=data,
    )


def author_record_of(
    recorded: Recorded, partition: int, redacted: Mapping[str, frozenset[int]], author: str
) -> AuditRecord | None:
    """An event as the comment's author is told it: own texts, and decisions with role, reason and rule.

    None for what is not for them: votes and reports. Notes, what a rule matched and the ids of staff stay out.
    `redacted` names every text that is not for them, for whatever reason.
    """
    event = recorded.event
    if isinstance(event, VoteCast | VoteRetracted | ReportFiled):
        return None
    told = record_of(recorded, partition, redacted)
    hidden = ("note", "match", *_CIRCUMSTANCES)
    data = {name: value for name, value in told.data.items() if name not in hidden}
    actor = told.actor
    if actor.id != author:
        actor = AuditActor(kind=actor.kind, id=None)
        if isinstance(event, CommentHeld | CommentApproved | CommentRejected):
            data["role"] = "moderator"
    return msgspec.structs.replace(told, actor=actor, data=data)


def kept_from_author(comment: Comment) -> frozenset[int]:
    """Which texts of a comment its author may not read again where `history` is `staff`.

    Those that were followed by another, unless they wait or were turned down (as in `projections.read.revisions`).
    """
    current = (comment.standing, comment.latest.number)
    return frozenset(one.number for one in comment.revisions if one.number not in current and one.status == "published")


async def redacted(
    log: Log, events: Iterable[Recorded], *, folds: AggregateCache | None = None
) -> dict[str, frozenset[int]]:
    """Which texts told by `events`, all of one site, are gone by now: revisions by comment. Asks the log."""
    threads: dict[tuple[str, str], dict[str, None]] = {}
    for recorded in events:
        envelope = recorded.envelope
        if _is_text(recorded) and envelope.comment is not None:
            threads.setdefault((envelope.site, envelope.thread), {})[envelope.comment] = None
    found: dict[str, frozenset[int]] = {}
    for (site, thread), comments in threads.items():
        names = list(comments)
        for start in range(0, len(names), _COMMENTS_A_LOAD):
            some = names[start : start + _COMMENTS_A_LOAD]
            aggregates = await load_aggregates(
                log, site, thread, folded=tuple(map(heads.comment, some)), folds=folds, reads=True
            )
            for name in some:
                revisions = aggregates.comment(name).revisions
                found[name] = frozenset(one.number for one in revisions if one.redacted_at is not None)
    return found


def _is_text(recorded: Recorded) -> bool:
    return isinstance(recorded.event, CommentPosted | CommentEdited)


def _facts(recorded: Recorded) -> dict[str, Any]:
    if isinstance(recorded.event, UnknownEvent | UnreadableEvent):
        return {}  # a newer version wrote it, or nobody can read it: that it happened is all that is known here
    facts: dict[str, Any] = msgspec.to_builtins(recorded.event)
    for name in _SAID_BEFORE:
        facts.pop(name, None)
    for name in _TIMES & facts.keys():
        facts[name] = rfc3339(facts[name])
    return facts
