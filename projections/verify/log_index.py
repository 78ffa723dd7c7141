"""Index of the threads in a partition's log, made by one pass over the log, which is checked meanwhile.

The numbers of the events must be dense, and each event must name the one before it in its thread. Then the back
pointers from a thread's last event lead to every event of that thread, and to no other. Every commitment is opened.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

from core.events import content
from core.events.envelope import envelope_of, read
from core.events.lost_content import LostContents
from core.log.port import BrokenChain, Entry, Log
from core.position import START, Position
from projections.thread.fold import Hole
from projections.verify.difference import ContentFault, Name

READ: Final = 1000
"""Events per read."""


class ViewsAhead(Exception):
    """The views are ahead of the log: nothing can be compared with them."""

    def __init__(self, cursor: Position) -> None:
        super().__init__(f"the views are at {cursor}, beyond the log")
        self.cursor = cursor


class IndexedThread(Struct):
    """Events of one thread up to the position of the index."""

    last: Position
    events: int = 0


class LogIndex:
    """The threads with events up to `at`, in the order of their first events."""

    def __init__(self, log: Log, partition: int) -> None:
        self.at = START
        self.threads: dict[Name, IndexedThread] = {}
        self.sites: set[str] = set()
        """The sites of these threads."""
        self._altered: list[tuple[Name, ContentFault]] = []
        self._lost = LostContents()
        self._log = log
        self._partition = partition

    async def go_to(self, cursor: Position) -> None:
        """Read on to `cursor`, or from the beginning if the views went back.

        Raises `ViewsAhead`, `Hole`, `core.log.port.BrokenChain`, `core.events.envelope.UnreadableEntry`,
        `core.refusals.Unavailable`.
        """
        if cursor < self.at:
            self.at, self.threads, self.sites = START, {}, set()
            self._altered, self._lost = [], LostContents()
        while self.at < cursor:
            entries = await self._log.read(self._partition, self.at, limit=READ, upto=cursor)
            if not entries:
                raise ViewsAhead(cursor)
            for entry in entries:
                self._add(entry)

    def content_faults(self) -> list[tuple[Name, ContentFault]]:
        """Entries whose content does not match its commitment, or is missing; by thread, "" for the site's log."""
        lost = [
            (
                (one.site, one.thread),
                ContentFault(position=one.position, kind="words_lost", type=one.type, why=one.why),
            )
            for one in self._lost.found()
        ]
        return sorted([*self._altered, *lost], key=lambda found: found[1].position)

    def last(self, name: Name) -> Callable[[Position], Awaitable[Position | None]]:
        """The last event of a thread, for a `ThreadReplay`."""

        async def last(upto: Position) -> Position | None:
            await self.go_to(upto)
            return self.threads[name].last if name in self.threads else None

        return last

    def _add(self, entry: Entry) -> None:
        envelope = envelope_of(*entry)
        if entry.position.n != self.at.n + 1:
            raise Hole(read(*entry), self.at)
        if (why := content.mismatch(entry.c)) is not None:
            fault = ContentFault(position=entry.position, kind="altered", type=envelope.type, why=why)
            self._altered.append(((envelope.site, envelope.thread), fault))
        self._lost.add(entry.position, envelope, entry.c)
        if envelope.thread:
            name = (envelope.site, envelope.thread)
            thread = self.threads.get(name)
            if thread is None:
                thread = self.threads[name] = IndexedThread(START)
                self.sites.add(envelope.site)
            if envelope.tp != (str(thread.last) if thread.events else ""):
                before = thread.last if thread.events else "none"
                named = envelope.tp or "none"
                why = f"{entry.position} names {named} as the event before it in its thread, which is {before}"
                raise BrokenChain(why, entry.position)
            thread.last = entry.position
            thread.events += 1
        self.at = entry.position
