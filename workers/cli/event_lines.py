"""Events of several partitions in one order, chosen and told. What `replay` and `tail` have in common."""

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
"""Entries that are looked through in one call for what was redacted."""

_REDACTED: Final = b'"type":"revision.redacted"'

Redacted = dict[str, dict[str, frozenset[int]]]
"""The texts that are gone: revisions by site and comment."""


class Choice(Struct, frozen=True, kw_only=True):
    """Which events are wanted, by what a line says of them. `thread` and `comment` need `site`; empty means all."""

    site: str | None = None
    thread: str | None = None
    comment: str | None = None
    revision: int | None = None
    actors: frozenset[str] = frozenset()
    """Ids of actors, or kind and id with a blank between them."""
    kinds: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    position: str | None = None
    data: tuple[tuple[str, str], ...] = ()
    """Names and values of the rest of the line, each of which it must have."""

    def partitions(self, count: int) -> Sequence[int]:
        """The partitions, of so many, in which such events can be."""
        if self.site is not None and self.thread is not None:
            return [partition_of(self.site, self.thread, count)]
        return range(count)

    def fits(self, envelope: Envelope) -> bool:
        """Whether an event is one of them."""
        return (
            (self.site is None or envelope.site == self.site)
            and (self.thread is None or envelope.thread == self.thread)
            and (self.comment is None or envelope.comment == self.comment)
            and (not self.types or envelope.type in self.types)
            and (not self.kinds or envelope.actor.kind in self.kinds)
            and (not self.actors or not self.actors.isdisjoint(_names(envelope)))
        )

    def fits_told(self, event: AuditRecord) -> bool:
        """Whether what is told of an event that `fits` is what was asked for."""
        return (
            (self.revision is None or event.revision == self.revision)
            and (self.position is None or event.position == self.position)
            and all(name in event.data and value in _said(event.data[name]) for name, value in self.data)
        )


def _names(envelope: Envelope) -> tuple[str, str]:
    actor = envelope.actor
    return actor.id, f"{actor.kind} {actor.id}"


def _said(value: Any) -> tuple[str, str]:
    """A value as it may be asked for: as the line has it, and without the quotation marks."""
    text = msgspec.json.encode(value).decode()
    return text, value if isinstance(value, str) else text


async def merged(
    log: Log, choice: Choice, after: Position, before: Position | None
) -> AsyncIterator[tuple[int, Recorded | UnreadableEntry]]:
    """The events chosen, with their partition, in the order of the audit: `after` and `before` are both left out.

    Entries that cannot be read are among them. Raises `core.refusals.UnreadablePartition` where it comes to one.
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
    """The texts that are gone by now. Looks through whole partitions, and decodes next to nothing."""
    found: Redacted = {}
    for partition in partitions:
        at = START
        try:
            while entries := await log.read(partition, at, limit=BATCH):
                add_redacted(found, entries)
                at = entries[-1].position
        except UnreadablePartition:
            continue  # then nobody is told anything of it, either
    return found


def add_redacted(found: Redacted, entries: Sequence[Entry]) -> None:
    """Add the texts that these entries destroy."""
    for entry in entries:
        if _REDACTED in entry.e:
            try:
                recorded = read(*entry)
            except UnreadableEntry:
                continue  # it redacts nothing that anybody could name
            envelope, revision = recorded.envelope, recorded.revision
            if envelope.type == "revision.redacted" and envelope.comment and revision:
                of_site = found.setdefault(envelope.site, {})
                of_site[envelope.comment] = of_site.get(envelope.comment, frozenset()) | {revision}


def told(partition: int, recorded: Recorded | UnreadableEntry, gone: Redacted) -> AuditRecord | UnreadableRecord:
    """An event as it is told to staff, redacted text left out; an entry that cannot be read as one."""
    if isinstance(recorded, UnreadableEntry):
        return UnreadableRecord(position=str(recorded.position))
    nothing: Mapping[str, frozenset[int]] = {}
    return record_of(recorded, partition, gone.get(recorded.envelope.site, nothing))


def one_line(event: AuditRecord | UnreadableRecord, partition: int) -> str:
    """An event for people: when it happened, what, about what, by whom, and the rest as far as it is short."""
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
"""Characters of a value on a line for people; `--json` has it whole."""


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
