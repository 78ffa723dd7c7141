"""Events of several partitions in one order, chosen and told. What `replay` and `tail` have in common."""

import heapq
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from core.envelope import Recorded, decode
from core.log.port import Entry, Log
from core.partitions import partition_of
from core.position import START, Position
from projections.trail import Told, tell

BATCH: Final = 256
"""Entries that are read from a partition in one call."""

_REDACTED: Final = b'"type":"revision.redacted"'

Redacted = dict[str, dict[str, frozenset[int]]]
"""The texts that are gone: revisions by site and comment."""


class Choice(Struct, frozen=True, kw_only=True):
    """Which events are wanted. `thread` needs `site`; without `types`, all types."""

    site: str | None = None
    thread: str | None = None
    types: frozenset[str] = frozenset()

    def partitions(self, count: int) -> Sequence[int]:
        """The partitions, of so many, in which such events can be."""
        if self.site is not None and self.thread is not None:
            return [partition_of(self.site, self.thread, count)]
        return range(count)

    def fits(self, recorded: Recorded) -> bool:
        """Whether it is one of them."""
        envelope = recorded.envelope
        return (
            (self.site is None or envelope.site == self.site)
            and (self.thread is None or envelope.thread == self.thread)
            and (not self.types or envelope.type in self.types)
        )


async def merged(
    log: Log, partitions: Sequence[int], after: Position, before: Position
) -> AsyncIterator[tuple[int, Entry]]:
    """Entries with their partition, by recorded time, then partition, then sequence.

    `after` and `before` are both left out; `START` and a position later than all take everything.
    """
    waiting: list[tuple[int, int, int]] = []
    batches: dict[int, list[Entry]] = {}

    async def refill(partition: int, behind: Position) -> None:
        entries = await log.read(partition, behind, limit=BATCH)
        batches[partition] = entries[::-1]
        if entries:
            heapq.heappush(waiting, (entries[0].position.ms, partition, entries[0].position.n))

    for partition in partitions:
        await refill(partition, after)
    while waiting:
        _, partition, _ = heapq.heappop(waiting)
        batch = batches[partition]
        entry = batch.pop()
        if entry.position >= before:
            continue  # nor does anything of this partition come before it any more
        yield partition, entry
        if batch:
            heapq.heappush(waiting, (batch[-1].position.ms, partition, batch[-1].position.n))
        else:
            await refill(partition, entry.position)


async def redacted(log: Log, partitions: Sequence[int]) -> Redacted:
    """The texts that are gone by now. Looks through whole partitions, and decodes next to nothing."""
    found: Redacted = {}
    for partition in partitions:
        at = START
        while entries := await log.read(partition, at, limit=BATCH):
            add_redacted(found, entries)
            at = entries[-1].position
    return found


def add_redacted(found: Redacted, entries: Sequence[Entry]) -> None:
    """Add the texts that these entries destroy."""
    for entry in entries:
        if _REDACTED in entry.e:
            envelope = decode(*entry).envelope
            if envelope.type == "revision.redacted" and envelope.comment and envelope.revision:
                of_site = found.setdefault(envelope.site, {})
                of_site[envelope.comment] = of_site.get(envelope.comment, frozenset()) | {envelope.revision}


def told(partition: int, recorded: Recorded, gone: Redacted) -> Told:
    """An event as it is told to staff, redacted text left out."""
    nothing: Mapping[str, frozenset[int]] = {}
    return tell(recorded, partition, gone.get(recorded.envelope.site, nothing))


def one_line(event: Told) -> str:
    """An event for people: when it happened, what, about what, by whom, and the rest as far as it is short."""
    where = event.site if event.thread is None else f"{event.site}/{event.thread}"
    about = event.comment or "-"
    if event.revision is not None:
        about += f":{event.revision}"
    rest = " ".join(f"{name}={_short(value)}" for name, value in event.data.items())
    who = f"{event.actor.kind} {event.actor.id}"
    return f"{event.position:<20} {event.occurred_at}  {event.type:<18} {where}  {about:<12} {who:<16} {rest}".rstrip()


LONGEST: Final = 60
"""Characters of a value on a line for people; `--json` has it whole."""


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
