"""Threads as they were: a snapshot and a walk give what folding from the beginning gives."""

import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.events.envelope import Recorded
from core.log.memory import MemoryLog
from core.log.port import Entry
from core.position import Position
from projections.thread.fold import fold
from projections.thread.snapshots import Mark, field, kept, marks, pack
from projections.thread.state import ThreadState
from projections.thread.time_travel import SnapshotIndex, thread_at
from tests.support.discussions import BEGIN, SITE, THREADS, Move, events, moves, played, stream

THREAD = THREADS[0]


class Kept:
    """Snapshots at these numbers of events, and the redactions of the whole thread."""

    def __init__(self, recorded: list[Recorded], at: set[int]) -> None:
        self.kept: dict[Mark, bytes] = {}
        thread = ThreadState(site=SITE, id=THREAD)
        for number, one in enumerate(recorded, 1):
            fold(thread, [one])
            if number in at:
                (mark,) = marks([field(thread).encode()])
                self.kept[mark] = pack(thread)
        self.now = thread

    async def known(self, *_where: str) -> SnapshotIndex:
        return SnapshotIndex(sorted(self.kept), self.now.redacted)

    async def packed(self, _site: str, _thread: str, mark: Mark) -> bytes | None:
        return self.kept[mark]


class Lost(Kept):
    """Snapshots that are thrown away while one is chosen."""

    async def packed(self, _site: str, _thread: str, _mark: Mark) -> bytes | None:
        return None


class Watched:
    """Another's log that notes who walks where."""

    def __init__(self, log: MemoryLog) -> None:
        self.walks: list[tuple[Position, Position | None]] = []
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def chain(self, site: str, thread: str, start: Position, **bounds: Any) -> list[Entry]:
        self.walks.append((start, bounds["until"]))
        return await self._log.chain(site, thread, start, **bounds)


class Blind(Watched):
    """To which every position is that of another thread's event, or of none."""

    async def entry(self, _partition: int, _position: Position) -> Entry | None:
        return None


def masked(recorded: list[Recorded], redacted: list[tuple[str, int]]) -> ThreadState | None:
    """The fold of these events, without what was redacted at any time."""
    thread = fold(ThreadState(site=SITE, id=THREAD), recorded)
    for name, revision in redacted:
        if name in thread.rows and revision in thread.rows[name].texts:
            texts = thread.rows[name].texts
            where = texts[revision].redacted or texts[revision].position
            texts[revision] = texts[revision].without_words(where)
    return kept(thread) if thread.events else None


async def there_at(log: Any, source: Any, at: Position | int) -> ThreadState | None:
    """The thread then, without what no snapshot keeps, because no past shows it."""
    found = await thread_at(log, source, SITE, THREAD, at)
    return None if found is None else kept(found)


@settings(max_examples=20)
@given(moves(most=40), st.sets(st.integers(1, 40)), st.booleans())
async def test_at_every_position_it_is_the_fold_up_to_there(some: list[Move], at: set[int], lost: bool) -> None:
    log = await played(some)
    recorded = await events(log)
    source = (Lost if lost else Kept)(recorded, at)
    for number, one in enumerate(recorded, 1):
        there = await there_at(log, source, one.position)
        assert there == masked(recorded[:number], source.now.redacted)


@settings(max_examples=20)
@given(moves(most=40, imports=True), st.sets(st.integers(1, 40)))
async def test_at_every_time_it_is_the_prefix_that_ends_before_anything_later(some: list[Move], at: set[int]) -> None:
    log = await played(some)
    recorded = await events(log)
    source = Kept(recorded, at)
    for time in {one.occurred_at + by for one in recorded for by in (-1, 0, 1)}:
        later = [number for number, one in enumerate(recorded) if one.occurred_at > time]
        prefix = recorded[: later[0]] if later else recorded
        assert await there_at(log, source, time) == masked(prefix, source.now.redacted)


async def test_a_walk_is_from_the_moment_or_the_snapshot_after_to_the_one_before() -> None:
    log = await played(stream(20, 900))
    recorded = await events(log)
    source = Kept(recorded, {100, 200, 300})
    watched, blind = Watched(log), Blind(log)

    for number, start, until in ((150, 199, 99), (50, 99, None), (298, 299, 199), (350, len(recorded) - 1, 299)):
        at = recorded[number].position
        before = None if until is None else recorded[until].position
        there = await there_at(watched, source, at)
        assert watched.walks[-1] == (at, before)
        assert await there_at(blind, source, at) == there
        assert blind.walks[-1] == (recorded[start].position, before)
    watched.walks.clear()
    there = await there_at(watched, source, recorded[199].position)
    assert there is not None
    assert there.events == 200
    assert watched.walks == []


async def test_where_a_snapshot_is_thrown_away_when_it_was_chosen_the_walk_goes_on_to_the_beginning() -> None:
    log = await played(stream(20, 300))
    recorded = await events(log)
    source = Lost(recorded, {50, 100})
    for number in (70, 100, 150):
        there = await there_at(log, source, recorded[number - 1].position)
        assert there == masked(recorded[:number], source.now.redacted)


class Respelt(Kept):
    """Snapshots as another version of the same fold takes them: with fields that we do not know, without one we do."""

    async def packed(self, _site: str, _thread: str, mark: Mark) -> bytes | None:
        there = msgspec.msgpack.decode(zlib.decompress(self.kept[mark]))
        there["sentiment"] = {"warmth": 3}
        for row in there["rows"].values():
            row["liked"] = True
            row.pop("pinned", None)
            for text in row["texts"].values():
                text["language"] = "en"
        return zlib.compress(msgspec.msgpack.encode(there))


async def test_a_snapshot_with_fields_too_many_and_one_too_few_is_gone_on_from() -> None:
    log = await played(stream(20, 300))
    recorded = await events(log)
    source = Respelt(recorded, {50, 100})
    assert any(row.pinned for row in fold(ThreadState(site=SITE, id=THREAD), recorded[:100]).rows.values())
    watched = Watched(log)
    for number in (70, 100, 130):
        wanted = masked(recorded[:number], source.now.redacted)
        there = await there_at(watched, source, recorded[number - 1].position)
        assert wanted is not None
        assert there is not None
        since = {one.envelope.comment for one in recorded[50 if number < 100 else 100 : number]}
        for name, row in wanted.rows.items():
            row.pinned = there.rows[name].pinned if name in since else False
        assert there == wanted
    assert all(until is not None for _, until in watched.walks), "nothing was folded from the beginning"


@pytest.mark.parametrize("at", [Position(1, 1), BEGIN - 1])
async def test_before_it_was_opened_there_is_nothing(at: Position | int) -> None:
    log = await played([])
    assert await thread_at(log, Kept([], set()), SITE, THREAD, at) is None
    assert await thread_at(log, Kept([], set()), SITE, "elsewhere", at) is None
