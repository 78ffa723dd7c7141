"""A site as the log has it: its threads, the state and the facts of each, and the facts about its members.

The log is read once to find the threads, and is checked meanwhile. What is appended later is not part of the export.
Then each thread is read by itself, so memory holds one thread and the names of all.
"""

from collections.abc import AsyncIterator, Callable
from operator import attrgetter

from msgspec import Struct

from core.domain.import_fact import Fact
from core.events.envelope import UnreadableEntry, read
from core.events.skip_events import UnknownEvent, UnreadableEvent
from core.log.port import BrokenChain, Log
from core.position import Position
from core.refusals import UnreadablePartition
from projections.thread.fold import Hole
from projections.thread.state import ThreadState
from projections.thread.thread_replay import ThreadReplay, chunks
from projections.verify.log_index import LogIndex
from workers.exporters.member_facts import FactsOfMembers
from workers.exporters.thread_facts import FactsOfThread


class ExportedThread(Struct, frozen=True, kw_only=True):
    """A thread to export: its last event, and the number of its events."""

    name: str
    last: Position
    events: int


class ExportedDiscussion:
    """One thread, folded. `state` is as of its last event, or before the first one that cannot be applied."""

    def __init__(self, log: Log, site: str, replay: ThreadReplay, last: Position) -> None:
        self.state: ThreadState = replay.state
        self._log = log
        self._site = site
        self._skipped = replay.skipped
        self._end = replay.state.last
        self._last = last

    async def facts(self) -> AsyncIterator[Fact]:
        """The facts of the thread in the order of the log. What an operator skipped is left out."""
        known = FactsOfThread(self.state)
        async for chunk in chunks(self._log, self._site, self.state.id, self._last):
            for entry in chunk:
                if entry.position > self._end:
                    return
                if entry.position not in self._skipped and (fact := known.of(read(*entry))) is not None:
                    yield fact


class SiteSource:
    """A site of a log. Call `find` first."""

    def __init__(self, log: Log, site: str) -> None:
        self.threads: list[ExportedThread] = []
        """The threads of the site, the one with the newest event first."""
        self.faults: list[str] = []
        """Parts that the export lacks, in words."""
        self._log = log
        self._site = site
        self._last: Position | None = None

    async def find(self, progress: Callable[[int, int], object] = lambda _, __: None) -> None:
        """Read the log to find the threads of the site. A partition is read up to what cannot be read."""
        log, site = self._log, self._site
        partitions = range(log.partitions)
        ends = await log.lasts(partitions)
        self._last = await log.thread_last(site, "")
        events, done = sum(end.n for end in ends), 0
        for number, end in zip(partitions, ends, strict=True):
            index = LogIndex(log, number)
            try:
                await index.go_to(end)
            except (Hole, BrokenChain, UnreadableEntry, UnreadablePartition) as error:
                self.faults.append(f"partition {number} after {index.at}: {error}")
            self.threads += [
                ExportedThread(name=thread, last=found.last, events=found.events)
                for (of, thread), found in index.threads.items()
                if of == site
            ]
            self.faults += [
                f"{thread or 'the site'}: {fault.type} at {fault.position}: {fault.why}"
                for (of, thread), fault in index.content_faults()
                if of == site
            ]
            done += end.n
            progress(done, events)
        self.threads.sort(key=attrgetter("last"), reverse=True)

    async def discussion(self, thread: ExportedThread) -> ExportedDiscussion | None:
        """A thread of the site, folded. None if nothing of it can be applied."""

        async def last(_: Position) -> Position:
            return thread.last

        replay = ThreadReplay(self._log, self._site, thread.name, stops=True, last=last)
        await replay.at(thread.last)
        if replay.failed is not None:
            self.faults.append(f"{thread.name}: everything from {replay.failed.position} on: {replay.failed.why}")
        if replay.state.opened is None:
            return None
        return ExportedDiscussion(self._log, self._site, replay, thread.last)

    async def members(self) -> AsyncIterator[Fact]:
        """The facts about members, in the order of the log."""
        if self._last is None:
            return
        known = FactsOfMembers()
        try:
            async for chunk in chunks(self._log, self._site, "", self._last):
                for recorded in (read(*entry) for entry in chunk):
                    event = recorded.event
                    if isinstance(event, UnknownEvent | UnreadableEvent):
                        self.faults.append(f"members: {recorded.envelope.type} at {recorded.position}: {event.fault}")
                    elif (fact := known.of(recorded)) is not None:
                        yield fact
        except (BrokenChain, UnreadableEntry) as error:
            self.faults.append(f"members: {error}")
