"""Comparison of thread snapshots with the fold at their positions, which is packed as the fold passes them."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from core.keys import Partition
from core.redis.errors import retry
from projections.thread import snapshots
from projections.thread.snapshots import Mark
from projections.thread.state import ThreadState
from projections.verify.difference import Difference, Name
from projections.verify.thread import ThreadCheck
from projections.views.stored_thread import Reads


class SnapshotCheck:
    """The existing snapshots of some threads of a partition, and the fold at the position of each."""

    def __init__(self, reads: Reads, keys: Partition) -> None:
        self._reads = reads
        self._keys = keys
        self._wanted: dict[Name, set[Mark]] = {}
        self._packed: dict[tuple[Name, Mark], bytes] = {}

    async def begin(self, names: Iterable[Name]) -> None:
        """Load the snapshot marks of these threads, and drop all earlier ones."""
        self._wanted, self._packed = {}, {}
        for name in names:
            self._wanted[name] = set(snapshots.marks(await self._asked("HKEYS", self._keys.snapshots(*name))))

    def keep(self, has: Callable[[Name], bool]) -> None:
        """Drop all threads for which `has` is false."""
        self._wanted = {name: marks for name, marks in self._wanted.items() if has(name)}
        self._packed = {place: packed for place, packed in self._packed.items() if has(place[0])}

    def freeze(self, name: Name, thread: ThreadState) -> None:
        """Pack the thread if a snapshot exists at its current position."""
        mark = snapshots.mark(thread)
        if mark in self._wanted.get(name, ()):
            self._packed[name, mark] = snapshots.pack(thread)

    async def differences(self, look: ThreadCheck, threads: Mapping[Name, ThreadState]) -> AsyncIterator[Difference]:
        """Yield the snapshots that differ from the fold, or that contain text redacted since."""
        for name, marks in self._wanted.items():
            key = self._keys.snapshots(*name)
            for mark in sorted(marks):
                field = snapshots.name(mark)
                found = await self._asked("HGET", key, field)
                if found is None:
                    continue  # deleted meanwhile, by the commit of a redaction
                expected = self._packed.get((name, mark))
                if expected is None or _redacted_since(threads.get(name), mark):
                    yield look.difference(name, key, field, None, found)
                elif not _same(expected, found):
                    yield look.difference(name, key, field, expected, found)

    async def _asked(self, *command: str) -> Any:
        return await retry(lambda: self._reads.call(*command), "verify")


def _redacted_since(thread: ThreadState | None, mark: Mark) -> bool:
    if thread is None:
        return False
    texts = (thread.rows[comment].texts[revision] for comment, revision in thread.redacted)
    return any(text.redacted is not None and text.redacted > mark.position for text in texts)


def _same(expected: bytes, found: bytes) -> bool:
    with suppress(Exception):  # an unreadable snapshot differs, whatever the error
        return snapshots.unpack(expected) == snapshots.unpack(found)
    return False
