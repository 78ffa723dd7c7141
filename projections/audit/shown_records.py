"""The part of an event that each caller is shown in the record of a thread.

Auditors see everything. Moderators see everything but who voted: a vote is the tally of its comment after it. Everyone
else sees the public part of the events that are public (`projections.audit.public_events`), votes as tallies.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from core.events.comment_events import CommentEdited, CommentPosted, CommentRestored, CommentWithdrawn
from core.events.envelope import Recorded, UnreadableEntry
from core.events.event import Event
from core.events.import_events import IMPORT, VotesBrought
from core.events.thread_events import (
    AnchorClosed,
    AnchorOpened,
    AnchorReopened,
    AnchorReworded,
    ThreadOpened,
    ThreadRetitled,
)
from core.events.types import VOTE_EVENTS
from core.events.vote_events import VoteCast, VoteRetracted
from projections.audit.public_events import Shown
from projections.audit.record_index import Tally
from projections.audit.records import AuditActor, AuditRecord, UnreadableRecord, record_of, record_with

Shape = AuditRecord | UnreadableRecord
Reader = Literal["auditor", "moderator", "everyone"]
"""Readers of a record: each sees less than the one before."""

_OF_VOTES: Final = ("value",)
"""The facts of a vote that moderators know."""
_OF_VOIDS: Final = ("value", "reason", "batch", "reverses")
"""The facts of the voiding of a vote, or of its reversal, that moderators know."""
_NOBODY: Final = AuditActor(kind="member", id=None)
"""The voter, as all but auditors know them."""
_WRITTEN: Final = frozenset({"body", "reason"})
"""The words of a text."""
_PASSAGE: Final = frozenset({"anchor", "exact", "prefix", "suffix", "prompt"})
_ARTICLE: Final = frozenset({"url", "title"})
_STONE: Final = frozenset({"parent", "anchor"})
"""The facts that a tombstone tells, besides its comment and its time."""

_PUBLIC: Final[Mapping[type[Event], frozenset[str]]] = {
    CommentPosted: frozenset(
        {"body", "unknown", "name", "avatar", "badges", "parent", "answered", "answered_revision", "anchor"}
    ),
    CommentEdited: frozenset({"body", "unknown", "name", "reason"}),
    ThreadOpened: _ARTICLE,
    ThreadRetitled: _ARTICLE,
    AnchorOpened: _PASSAGE,
    AnchorReworded: _PASSAGE,
    AnchorClosed: _PASSAGE,
    AnchorReopened: _PASSAGE,
    VoteCast: frozenset({"value"}),
    VotesBrought: frozenset({"up", "down", "score"}),
}
"""The facts of an event that are public, by its type; of all other types none are."""

_BY_AUTHORS: Final = (CommentPosted, CommentEdited, CommentWithdrawn, CommentRestored)


def staff_record(
    found: Recorded | UnreadableEntry,
    partition: int,
    redacted: Mapping[str, frozenset[int]],
    tally: Tally,
    *,
    voters: bool,
) -> Shape:
    """The record of an event for staff; `voters` says whether it names who voted.

    `redacted` holds the redacted revisions by comment. `tally` is that of the comment after a vote.
    """
    if isinstance(found, UnreadableEntry):
        return UnreadableRecord(position=str(found.position))
    record = record_of(found, partition, redacted)
    if voters or not record.type.startswith("vote."):
        return record
    # What else a vote says may tell its voter: the position of their standing does.
    is_own = isinstance(found.event, VoteCast | VoteRetracted)
    told = {name: record.data[name] for name in (_OF_VOTES if is_own else _OF_VOIDS) if name in record.data}
    return msgspec.structs.replace(record, actor=_NOBODY if is_own else record.actor, data=told | _votes(tally))


def public_record(recorded: Recorded, partition: int, shown: Shown, tally: Tally) -> AuditRecord:
    """The record of a public event for everyone."""
    event = recorded.event
    facts = msgspec.to_builtins(event)
    data: dict[str, Any] = {name: facts[name] for name in _public(event, shown) if name in facts}
    if isinstance(event, VOTE_EVENTS):
        data |= _votes(tally)
    revision = None if shown is Shown.GONE else recorded.revision
    return record_with(recorded, partition, actor=_public_actor(recorded, shown), revision=revision, data=data)


def _public(event: Event, shown: Shown) -> list[str]:
    """The names of the public facts, in one order."""
    names = _PUBLIC.get(type(event), frozenset())
    if isinstance(event, ThreadOpened) and event.unverified:
        names -= {"title"}
    if shown is Shown.WORDLESS:
        names -= _WRITTEN
    elif shown is Shown.GONE:
        names &= _STONE
    return sorted(names)


def _public_actor(recorded: Recorded, shown: Shown) -> AuditActor:
    """The author of a published comment, or an import; otherwise a kind of actor without a name.

    That an author has a role, or is a guest, is nowhere public.
    """
    actor = recorded.envelope.actor
    if isinstance(recorded.event, _BY_AUTHORS):
        return AuditActor(kind="member", id=None if shown is Shown.GONE else actor.id)
    if actor.kind == "system" and actor.id == IMPORT:
        return AuditActor(kind=actor.kind, id=IMPORT)
    if actor.kind in ("member", "guest") or isinstance(recorded.event, VoteCast | VoteRetracted):
        return _NOBODY
    return AuditActor(kind=actor.kind, id=None)


def _votes(tally: Tally) -> dict[str, int]:
    return {"up": tally[0], "down": tally[1]}
