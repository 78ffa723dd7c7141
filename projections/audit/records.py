"""The one output format of events, for the trail of a comment, the audit, and `hansard replay --json`.

    {"position", "partition", "at", "occurred_at", "type", "actor": {"kind", "id"},
     "site", "thread"?, "comment"?, "revision"?, "data": {…}}

An unreadable entry appears as `{"position", "type": "unreadable"}`: nothing else about the entry is known. `data` holds
all other fields of the event: its facts and texts, its rule or policy and its cause. A redacted text is never included.
Redaction is looked up in the log itself (`redacted`), never in a view that may lag.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.aggregates import AggregateQuery, load_all_aggregates
from core.domain.comment import Comment
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    CommentRestored,
    CommentWithdrawn,
    DecisionReversed,
)
from core.events.envelope import Recorded
from core.events.report_events import NoticeFiled, ReportFiled
from core.events.skip_events import UnknownEvent, UnreadableEvent
from core.events.types import VOTE_EVENTS
from core.log.port import Log
from core.times import rfc3339

_IN_ENVELOPE: Final = ("type", "comment", "revision")
_CIRCUMSTANCES: Final = ("cause", "batch", "by_policy", "by_standing")
_WORDS: Final = ("body", "original", "match", "reason")
"""Fields with an author's words or a match in them, removed together with a redacted text."""
_GROUNDS: Final = ("reason", "code", "ground")
_TIMES: Final = frozenset({"until"})
"""Facts that are times, written as RFC 3339."""
_OF_AUTHORS: Final = (CommentPosted, CommentEdited, CommentWithdrawn, CommentRestored)
"""Acts of the author of a comment alone."""
_COMMENTS_PER_LOAD: Final = 50
_LOADS_AT_ONCE: Final = 16


class AuditActor(Struct, frozen=True, kw_only=True):
    """The actor of an event; `id` is None if withheld."""

    kind: str
    id: str | None


class AuditRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event in the output format."""

    position: str
    partition: int
    at: str
    """Time of recording."""
    occurred_at: str
    type: str
    actor: AuditActor
    site: str
    thread: str | None = None
    comment: str | None = None
    revision: int | None = None
    data: dict[str, Any]


class UnreadableRecord(Struct, frozen=True, kw_only=True):
    """An unreadable entry, at its position among the events."""

    position: str
    type: Literal["unreadable"] = "unreadable"


def record_of(recorded: Recorded, partition: int, redacted: Mapping[str, frozenset[int]]) -> AuditRecord:
    """The record of an event for staff. `redacted` holds the redacted revisions by comment (see `redacted`)."""
    envelope = recorded.envelope
    data = _facts(recorded)
    if _is_text(recorded) and recorded.revision in redacted.get(envelope.comment or "", ()):
        for name in _WORDS:
            data.pop(name, None)
    for name in _CIRCUMSTANCES:
        value = getattr(envelope, name)
        if value is not None:
            data[name] = value
    actor = AuditActor(kind=envelope.actor.kind, id=envelope.actor.id)
    return record_with(recorded, partition, actor=actor, revision=recorded.revision, data=data)


def record_with(
    recorded: Recorded, partition: int, *, actor: AuditActor, revision: int | None, data: dict[str, Any]
) -> AuditRecord:
    """The record of an event with this much of its actor, its revision and its facts."""
    envelope = recorded.envelope
    return AuditRecord(
        position=str(recorded.position),
        partition=partition,
        at=rfc3339(recorded.position.ms),
        occurred_at=rfc3339(recorded.occurred_at),
        type=envelope.type,
        actor=actor,
        site=envelope.site,
        thread=envelope.thread or None,
        comment=envelope.comment,
        revision=revision,
        data=data,
    )


def author_record_of(
    recorded: Recorded, partition: int, redacted: Mapping[str, frozenset[int]], author: str
) -> AuditRecord | None:
    """The record of an event for the comment's author: own texts, and decisions with role, reason and rule.

    None for votes, reports and notices, which the author may not see. Notes, rule matches, staff ids, references of
    notices and the basis of a decision are left out, and of a rejection as spam everything but the verdict.
    `redacted` holds every text withheld from the author, for any reason.
    """
    event = recorded.event
    if isinstance(event, (*VOTE_EVENTS, ReportFiled, NoticeFiled)):
        return None
    record = record_of(recorded, partition, redacted)
    grounds = _GROUNDS if isinstance(event, CommentRejected) and event.spam else ()
    hidden = ("note", "match", "spam", "notice", "basis", "reverses", "shape", "failed", *grounds, *_CIRCUMSTANCES)
    data = {name: value for name, value in record.data.items() if name not in hidden}
    actor = record.actor
    if isinstance(event, _OF_AUTHORS):
        actor = AuditActor(kind=actor.kind, id=author)  # an import may have named another one first
    if actor.id != author:
        actor = AuditActor(kind=actor.kind, id=None)
        decided = isinstance(event, CommentHeld | CommentApproved | CommentRejected | DecisionReversed)
        if decided and actor.kind != "system":
            data["role"] = "moderator"
    return msgspec.structs.replace(record, actor=actor, data=data)


def kept_from_author(comment: Comment) -> frozenset[int]:
    """The revisions of a comment that are withheld from its author if `history` is `staff`.

    These are the superseded texts, except waiting and rejected ones (as in `projections.read.revisions`).
    """
    current = (comment.standing, comment.latest)
    texts = comment.texts.items()
    return frozenset(n for n, text in texts if n not in current and text.verdict_status == "published")


async def redacted(
    log: Log, events: Iterable[Recorded], *, cache: AggregateCache | None = None
) -> dict[str, frozenset[int]]:
    """The texts in `events`, all of one site, that are redacted by now: revisions by comment, read from the log."""
    threads: dict[tuple[str, str], dict[str, None]] = {}
    for recorded in events:
        envelope = recorded.envelope
        if _is_text(recorded) and envelope.comment is not None:
            threads.setdefault((envelope.site, envelope.thread), {})[envelope.comment] = None
    asked: list[tuple[list[str], AggregateQuery]] = []
    for (site, thread), comments in threads.items():
        names = list(comments)
        for start in range(0, len(names), _COMMENTS_PER_LOAD):
            chunk = names[start : start + _COMMENTS_PER_LOAD]
            fields = tuple(map(heads.comment, chunk))
            asked.append((chunk, AggregateQuery(site=site, thread=thread, folded=fields, reads=True)))
    found: dict[str, frozenset[int]] = {}
    for start in range(0, len(asked), _LOADS_AT_ONCE):
        some = asked[start : start + _LOADS_AT_ONCE]
        loaded = await load_all_aggregates(log, *(query for _, query in some), cache=cache)
        for (chunk, _), aggregates in zip(some, loaded, strict=True):
            for name in chunk:
                texts = aggregates.comment(name).texts.items()
                found[name] = frozenset(number for number, text in texts if text.redacted is not None)
    return found


def _is_text(recorded: Recorded) -> bool:
    return isinstance(recorded.event, CommentPosted | CommentEdited)


def _facts(recorded: Recorded) -> dict[str, Any]:
    if isinstance(recorded.event, UnknownEvent | UnreadableEvent):
        return {}  # from a newer version, or unreadable: only the event's existence is known here
    facts: dict[str, Any] = msgspec.to_builtins(recorded.event)
    for name in _IN_ENVELOPE:
        facts.pop(name, None)
    for name in _TIMES & facts.keys():
        facts[name] = rfc3339(facts[name])
    return facts
