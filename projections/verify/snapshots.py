"""The snapshots of threads compared with the fold at their positions, which is packed as the fold passes by."""

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
    """The snapshots that there are of some threads of a partition, and the fold at the position of each."""

    def __init__(self, reads: Reads, keys: Partition) -> None:
        self._reads = reads
        self._keys = keys
        self._wanted: dict[Name, set[Mark]] = {}
        self._packed: dict[tuple[Name, Mark], bytes] = {}

    async def begin(self, names: Iterable[Name]) -> None:
        """Note the snapshots of these threads, and nothing else."""
        self._wanted, self._packed = {}, {}
        for name in names:
            self._wanted[name] = set(snapshots.marks(await self._asked("HKEYS", self._keys.snapshots(*name))))

    def keep(self, has: Callable[[Name], bool]) -> None:
        """Forget all threads but those."""
        self._wanted = {name: marks for name, marks in self._wanted.items() if has(name)}
        self._packed = {place: packed for place, packed in self._packed.items() if has(place[0])}

    def freeze(self, name: Name, thread: ThreadState) -> None:
        """Pack the thread where there is a snapshot of it as it is now."""
        mark = snapshots.mark(thread)
        if mark in self._wanted.get(name, ()):
            self._packed[name, mark] = snapshots.pack(thread)

    async def differences(self, look: ThreadCheck, threads: Mapping[Name, ThreadState]) -> AsyncIterator[Difference]:
        """The snapshots that are not the thread there, or show what was redacted since."""
        for name, marks in self._wanted.items():
            key = self._keys.snapshots(*name)
            for mark in sorted(marks):
                field = snapshots.name(mark)
                found = await self._asked("HGET", key, field)
                if found is None:
                    continue  # thrown away meanwhile: the commit of a redaction does that
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
    with suppress(Exception):  # what cannot be read is not the same, whatever keeps it from being read
        return snapshots.unpack(expected) == snapshots.unpack(found)
    return False
