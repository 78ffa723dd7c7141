"""In-memory log for replay and tests: same results as the Redis log, with an adjustable clock."""

import time
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import islice
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

from core.durability import MEMORY, Durability
from core.formats import FORMATS
from core.heads import LAST
from core.keys import window
from core.log.divergence import DivergenceCheck
from core.log.port import (
    FOREIGN,
    NO_HEAD,
    NOTHING_BESIDE,
    Answer,
    Append,
    Appended,
    Beside,
    BrokenChain,
    Conflict,
    Entry,
    FoundBeside,
    Head,
    KeyReused,
    Load,
    LoadResult,
    NewEvent,
    Outcome,
    Repeated,
    Skew,
)
from core.member_record import NO_RECORD
from core.partitions import partition_of
from core.position import START, Position
from core.refusals import LogBroken

_WINDOWS: Final = 2
NOTHING_NOTED: Final = FoundBeside(record=NO_RECORD)
"""Found beside the log of a member of whom nothing was noted."""


class _Partition:
    """The entries of one partition, with its heads and command keys."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.back: list[tuple[Position | None, Position | None]] = []
        """Per entry, the positions of the previous event of its thread and of its aggregate."""
        self.heads: dict[tuple[str, str], dict[str, Head]] = {}
        self.keys: dict[int, dict[str, Answer]] = {}
        self.accepted = 0
        """Number of lost entries whose loss was accepted."""
        self.begun = False
        """Set once the partition has had an entry."""
        self.grown = anyio.Event()

    @property
    def last(self) -> Position:
        return self.entries[-1].position if self.entries else START

    def fault(self) -> str | None:
        """The fault of the log, worded as in `core/redis/scripts/log_integrity.lua`; None if the log is whole."""
        missing = self.last.n - self.accepted - len(self.entries)
        if self.begun and not self.entries:
            return "all of its entries are missing"
        if missing > 0:
            return f"{missing} of {self.last.n} entries are missing"
        if missing < 0:
            return f"{-missing} of {len(self.entries)} entries do not belong to this log"
        return None

    def place(self, position: Position) -> int | None:
        """Index in `entries` of the entry at exactly this position."""
        index = bisect_left(self.entries, position, key=_position)
        return index if index < len(self.entries) and self.entries[index].position == position else None

    def find(self, position: Position) -> Entry | None:
        index = self.place(position)
        return None if index is None else self.entries[index]

    def walk(self, start: Position | None, until: Position | None, *, aggregate: bool) -> Iterator[Entry]:
        position = start
        while position is not None and position != until:
            index = self.place(position)
            if index is None:
                raise BrokenChain(f"no entry at {position}", position)
            entry = self.entries[index]
            if entry.e == FOREIGN:
                raise BrokenChain(f"no event at {position}", position)
            yield entry
            position = self.back[index][aggregate]

    def answered(self, key: str, number: int) -> Answer | None:
        for back in range(_WINDOWS):
            answer = self.keys.get(number - back, {}).get(key)
            if answer is not None:
                return answer
        return None

    def remember(self, key: str, number: int, answer: Answer) -> None:
        self.keys.setdefault(number, {})[key] = answer
        for old in [one for one in self.keys if one <= number - _WINDOWS]:
            del self.keys[old]


class MemoryLog:
    """A log that lives as long as this object. `clock` returns milliseconds since 1970 and may jump."""

    def __init__(
        self,
        partitions: int = 1,
        *,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        format_: int = FORMATS.writes,
    ) -> None:
        self.format = format_
        """The format of the deployment: it bounds the shapes of events that may be appended."""
        self._clock = clock
        self._partitions = [_Partition() for _ in range(partitions)]
        self.beside: Callable[[Beside], FoundBeside] = lambda _: NOTHING_NOTED
        """Returns what lies beside the log."""

    @property
    def partitions(self) -> int:
        """Number of partitions."""
        return len(self._partitions)

    async def load(self, load: Load) -> LoadResult:
        """Load the data for one decision, as of one moment."""
        await checkpoint()
        log = self._of(load.site, load.thread) if load.reads else self._intact(load.site, load.thread)
        now = self._now(log)
        if load.key is not None:
            answer = log.answered(load.key, window(now))
            if answer is not None:
                return LoadResult(now=now, answer=answer, heads={}, events={})
        beside = NOTHING_BESIDE if load.beside is None else self.beside(load.beside)
        thread_heads = log.heads.get((load.site, load.thread), {})
        heads = {wanted.field: thread_heads.get(wanted.field, NO_HEAD) for wanted in load.heads}
        events: dict[str, list[Entry]] = {}
        for wanted in load.heads:
            head = heads[wanted.field]
            if wanted.events:
                chain = log.walk(head.position if head.version else None, wanted.known, aggregate=True)
                events[wanted.field] = list(chain)[::-1]
        return LoadResult(now=now, answer=None, heads=heads, events=events, beside=beside)

    async def load_all(self, *loads: Load) -> list[LoadResult]:
        """Load from several threads or sites."""
        return [await self.load(load) for load in loads]

    async def append(self, append: Append) -> Outcome:
        """Append the events of a decision atomically."""
        await checkpoint()
        log = self._intact(append.site, append.thread)
        now = self._now(log)
        today = window(now)
        if append.key is not None:
            if window(append.now) != today:
                return Skew(now)
            answer = log.answered(append.key, today)
            if answer is not None:
                return Repeated(answer) if answer.digest == append.digest else KeyReused()
        heads = log.heads.setdefault((append.site, append.thread), {})
        for field, position in append.expected.items():
            at = heads.get(field, NO_HEAD).position
            if at != position:
                return Conflict(field, at)
        after = log.last
        positions = tuple(self._write(log, heads, event, now) for event in append.events)
        if not positions and append.settled is not None:
            positions = (append.settled,)
        if append.key is not None:
            log.remember(append.key, today, Answer(positions, append.created, append.digest))
        if append.events:
            log.grown.set()
            log.grown = anyio.Event()
        return Appended(positions, after)

    async def refusal(self) -> str | None:
        """The reason why appends are refused now; always None."""
        await checkpoint()
        return None

    async def confirm(self, site: str, thread: str, key: str) -> Durability | None:
        """Durability by now of a result found under a key; None if the key has been lost since."""
        await checkpoint()
        log = self._of(site, thread)
        return MEMORY if log.answered(key, window(self._now(log))) else None

    async def last(self, partition: int) -> Position:
        """Position of the last event of a partition; `START` if there is none."""
        await checkpoint()
        return self._partitions[partition].last

    async def lasts(self, partitions: Sequence[int]) -> list[Position]:
        """`last` of several partitions."""
        return [await self.last(partition) for partition in partitions]

    async def entry(self, partition: int, position: Position) -> Entry | None:
        """The entry at exactly this position."""
        await checkpoint()
        return self._partitions[partition].find(position)

    async def entries(self, partition: int, positions: Sequence[Position]) -> list[Entry]:
        """The entries at exactly these positions, in their order; positions without an entry are left out."""
        await checkpoint()
        log = self._partitions[partition]
        return [entry for position in positions if (entry := log.find(position)) is not None]

    async def read(self, partition: int, after: Position, *, limit: int, upto: Position | None = None) -> list[Entry]:
        """Read at most `limit` entries after a position, up to `upto` inclusive, in order."""
        await checkpoint()
        entries = self._partitions[partition].entries
        begin = bisect_right(entries, after, key=_position)
        end = len(entries) if upto is None else bisect_right(entries, upto, key=_position)
        return entries[begin : min(end, begin + limit)]

    async def thread_last(self, site: str, thread: str) -> Position | None:
        """Position of the last event of a thread."""
        await checkpoint()
        return self._of(site, thread).heads.get((site, thread), {}).get(LAST, NO_HEAD).position

    async def chain(
        self,
        site: str,
        thread: str,
        start: Position,
        *,
        aggregate: bool = False,
        until: Position | None = None,
        limit: int | None = None,
    ) -> list[Entry]:
        """The events of a thread (or of one aggregate) from `start` back to `until` exclusive, newest first."""
        await checkpoint()
        return list(islice(self._of(site, thread).walk(start, until, aggregate=aggregate), limit))

    async def follow(
        self, partition: int, after: Position, *, limit: int = 256, spacing: float = 0.0
    ) -> AsyncIterator[list[Entry]]:
        """Yield entries after a position as they arrive, without end; never empty lists. Raises `LogDiverged`."""
        del spacing  # batching is unnecessary: a read costs next to nothing here
        log, branch = self._partitions[partition], DivergenceCheck(partition, after)
        while True:
            await checkpoint()
            grown = log.grown
            begin = bisect_left(log.entries, branch.at, key=_position)
            if entries := branch.beyond(log.entries[begin : begin + branch.most(limit)]):
                yield entries
            else:
                await grown.wait()

    def _of(self, site: str, thread: str) -> _Partition:
        return self._partitions[partition_of(site, thread, len(self._partitions))]

    def _intact(self, site: str, thread: str) -> _Partition:
        log = self._of(site, thread)
        if (fault := log.fault()) is not None:
            raise LogBroken(partition_of(site, thread, len(self._partitions)), log.last, fault)
        return log

    def _now(self, log: _Partition) -> int:
        return max(self._clock(), log.last.ms)

    @staticmethod
    def _write(log: _Partition, heads: dict[str, Head], event: NewEvent, now: int) -> Position:
        position = Position(now, log.last.n + 1)
        head = heads.get(event.head, NO_HEAD)
        previous = heads.get(LAST, NO_HEAD).position
        of_aggregate = f',"ap":"{head.position}"' if head.position else ""
        tail = f',"tp":"{previous or ""}"{of_aggregate}}}'
        log.entries.append(Entry(position, event.e + tail.encode(), event.c))
        log.back.append((previous, head.position))
        log.begun = True
        heads[event.head] = Head(head.version + 1, position, event.note)
        heads[LAST] = heads.get(LAST, NO_HEAD)._replace(position=position)
        if event.mark is not None:
            heads[event.mark] = heads.get(event.mark, NO_HEAD)._replace(position=position, note=event.note)
        return position


def _position(entry: Entry) -> Position:
    return entry.position
