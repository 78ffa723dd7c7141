"""Selection, order and text of events, shared by `replay` and `tail`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from core.events.envelope import Envelope, Recorded, UnreadableEntry, read
from core.log.port import Entry, Log
from core.partitions import partition_of
from core.position import START, Position
from core.refusals import UnreadablePartition
from projections.audit.merge import BUDGET, merge
from projections.audit.records import AuditRecord, UnreadableRecord, record_of

BATCH: Final = 500
"""Entries per read when the log is searched for redactions."""

_REDACTED: Final = b'"type":"revision.redacted"'

Redacted = dict[str, dict[str, frozenset[int]]]
"""The redacted revisions, by site and comment."""


class Choice(Struct, frozen=True, kw_only=True):
    """A filter of events, by the parts of their line. `thread` and `comment` need `site`; empty means all."""

    site: str | None = None
    thread: str | None = None
    comment: str | None = None
    revision: int | None = None
    actors: frozenset[str] = frozenset()
    """Ids of actors, or kind and id separated by a space."""
    kinds: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    position: str | None = None
    data: tuple[tuple[str, str], ...] = ()
    """Names and values that the rest of the line must have, all of them."""

    def partitions(self, count: int) -> Sequence[int]:
        """The partitions that can hold matching events, out of `count`."""
        if self.site is not None and self.thread is not None:
            return [partition_of(self.site, self.thread, count)]
        return range(count)

    def fits(self, envelope: Envelope) -> bool:
        """True if the envelope of an event matches."""
        return (
            (self.site is None or envelope.site == self.site)
            and (self.thread is None or envelope.thread == self.thread)
            and (self.comment is None or envelope.comment == self.comment)
            and (not self.types or envelope.type in self.types)
            and (not self.kinds or envelope.actor.kind in self.kinds)
            and (not self.actors or not self.actors.isdisjoint(_names(envelope)))
        )

    def fits_record(self, event: AuditRecord) -> bool:
        """True if the audit record matches, too, of an event that `fits`."""
        return (
            (self.revision is None or event.revision == self.revision)
            and (self.position is None or event.position == self.position)
            and all(name in event.data and value in _said(event.data[name]) for name, value in self.data)
        )


def _names(envelope: Envelope) -> tuple[str, str]:
    actor = envelope.actor
    return actor.id, f"{actor.kind} {actor.id}"


def _said(value: Any) -> tuple[str, str]:
    """The two spellings of a value in a filter: as the line has it, and without the quotation marks."""
    text = msgspec.json.encode(value).decode()
    return text, value if isinstance(value, str) else text


async def merged(
    log: Log, choice: Choice, after: Position, before: Position | None
) -> AsyncIterator[tuple[int, Recorded | UnreadableEntry]]:
    """The matching events with their partition, in audit order. The bounds `after` and `before` are exclusive.

    Unreadable entries are included. Raises `core.refusals.UnreadablePartition` on reaching such a partition.
    """
    places = dict.fromkeys(choice.partitions(log.partitions), after)
    while True:
        page = await merge(log, places, end=before, wanted=choice.fits, limit=BUDGET)
        for partition, recorded in page.found:
            yield partition, recorded
        if page.dry:
            return
        places = dict(zip(places, page.places, strict=True))


async def redacted(log: Log, partitions: Sequence[int]) -> Redacted:
    """The revisions redacted so far. Scans whole partitions, but decodes few entries."""
    found: Redacted = {}
    for partition in partitions:
        at = START
        try:
            while entries := await log.read(partition, at, limit=BATCH):
                add_redacted(found, entries)
                at = entries[-1].position
        except UnreadablePartition:
            continue  # no event of it is printed, either
    return found


def add_redacted(found: Redacted, entries: Sequence[Entry]) -> None:
    """Add the revisions that these entries redact."""
    for entry in entries:
        if _REDACTED in entry.e:
            try:
                recorded = read(*entry)
            except UnreadableEntry:
                continue  # the revision that it may redact is not known
            envelope, revision = recorded.envelope, recorded.revision
            if envelope.type == "revision.redacted" and envelope.comment and revision:
                of_site = found.setdefault(envelope.site, {})
                of_site[envelope.comment] = of_site.get(envelope.comment, frozenset()) | {revision}


def record(
    partition: int, recorded: Recorded | UnreadableEntry, redactions: Redacted
) -> AuditRecord | UnreadableRecord:
    """The audit record of an event, without redacted text, or the record of an unreadable entry."""
    if isinstance(recorded, UnreadableEntry):
        return UnreadableRecord(position=str(recorded.position))
    nothing: Mapping[str, frozenset[int]] = {}
    return record_of(recorded, partition, redactions.get(recorded.envelope.site, nothing))


def one_line(event: AuditRecord | UnreadableRecord, partition: int) -> str:
    """One event as text: position, time, type, subject, actor, and the data with long values cut."""
    if isinstance(event, UnreadableRecord):
        return f"{event.position:<20} {'-':<24}  {event.type:<16} partition {partition}"
    where = event.site if event.thread is None else f"{event.site}/{event.thread}"
    if event.comment is not None:
        where += f"/{event.comment}"
    if event.revision is not None:
        where += f":{event.revision}"
    rest = " ".join(f"{name}={_short(value)}" for name, value in event.data.items() if name not in _JUDGED_BY)
    who = f"{event.actor.kind} {event.actor.id}"
    return f"{event.position:<20} {event.occurred_at}  {event.type:<16} {where:<26} {who:<16} {rest}".rstrip()


_JUDGED_BY: Final = ("by_policy", "by_standing")

LONGEST: Final = 60
"""Most characters of a value in the text output; `--json` has it whole."""


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
