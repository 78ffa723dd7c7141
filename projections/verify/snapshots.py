"""Comparison of a thread's snapshots with the fold at their positions, which is packed as the replay passes them."""

from collections.abc import AsyncIterator
from contextlib import suppress

from core.keys import Partition
from projections.thread import snapshots
from projections.thread.snapshots import Mark
from projections.thread.state import ThreadState
from projections.verify.difference import Difference, Name
from projections.verify.thread_check import ThreadCheck, asked
from projections.views.stored_thread import Reads


class SnapshotCheck:
    """The existing snapshots of one thread, and the fold at the position of each."""

    def __init__(self, reads: Reads, keys: Partition, name: Name) -> None:
        self._reads = reads
        self._name = name
        self._key = keys.snapshots(*name)
        self._packed: dict[Mark, bytes | None] = {}

    async def begin(self) -> None:
        """Load the marks of the snapshots. Call this before the thread is folded."""
        self._packed = dict.fromkeys(snapshots.marks(await asked(self._reads, "HKEYS", self._key)))

    def freeze(self, thread: ThreadState) -> None:
        """Pack the thread if a snapshot exists at its current position."""
        mark = snapshots.mark(thread)
        if mark in self._packed:
            self._packed[mark] = snapshots.pack(thread)

    async def differences(self, check: ThreadCheck, thread: ThreadState) -> AsyncIterator[Difference]:
        """Yield the snapshots that differ from the fold, or that contain text redacted since."""
        for mark, expected in self._packed.items():
            field = snapshots.name(mark)
            found = await asked(self._reads, "HGET", self._key, field)
            if found is None:
                continue  # deleted meanwhile, by the commit of a redaction
            if expected is None or _redacted_since(thread, mark):
                yield check.difference(self._name, self._key, field, None, found)
            elif not _same(expected, found):
                yield check.difference(self._name, self._key, field, expected, found)


def _redacted_since(thread: ThreadState, mark: Mark) -> bool:
    texts = (thread.rows[comment].texts[revision] for comment, revision in thread.redacted)
    return any(text.redacted is not None and text.redacted > mark.position for text in texts)


def _same(expected: bytes, found: bytes) -> bool:
    with suppress(Exception):  # an unreadable snapshot differs, whatever the error
        return snapshots.same(snapshots.unpack(found), snapshots.unpack(expected))
    return False
