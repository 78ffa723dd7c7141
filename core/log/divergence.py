"""Detection of a log that diverged from what a follower has read.

A server that failed over may have lost its newest entries and accepted others since. Reading on *after* a position
would join the two branches, unnoticed if the sequence numbers happen to be dense. So every read of a follower begins
with the last entry taken in, whose envelope must be unchanged. This costs one more entry per read, and its hash. The
words of the entry (`c`) are left out: the envelope has the command key and both back pointers, so no two events share
one, and words that are destroyed later are no divergence.
"""

from collections.abc import Iterable
from hashlib import blake2b

from core.log.port import FOREIGN, Entry, LogDiverged
from core.position import START, Position


def digest(fields: Iterable[bytes]) -> bytes:
    """Short hash (8 bytes) of the fields of an entry."""
    found = blake2b(digest_size=8)
    for field in fields:
        found.update(len(field).to_bytes(8))
        found.update(field)
    return found.digest()


class DivergenceCheck:
    """Position and digest of the last entry that a follower took in; `at` is the position."""

    def __init__(self, partition: int, after: Position) -> None:
        self.at = after
        self._partition = partition
        self._digest: bytes | None = None
        """None until an entry was seen: only the existence of the follower's first entry can be checked."""

    def most(self, limit: int) -> int:
        """Number of entries to read, from `at` inclusive, for `limit` entries after it."""
        return limit + (self.at != START)

    def beyond(self, entries: list[Entry]) -> list[Entry]:
        """Take in entries read from `at` inclusive. Returns those after `at`. Raises `LogDiverged`."""
        if self.at != START:
            if not (entries and self._is_last(entries[0])):
                raise LogDiverged(self._partition, self.at)
            self._remember(entries[0])
            entries = entries[1:]
        if entries:
            self._remember(entries[-1])
        return entries

    def _is_last(self, entry: Entry) -> bool:
        return entry.position == self.at and self._digest in (None, _digest_of(entry))

    def _remember(self, entry: Entry) -> None:
        self.at, self._digest = entry.position, _digest_of(entry)


def _digest_of(entry: Entry) -> bytes:
    # A foreign entry has no envelope: all of its fields are in `c`.
    return digest((entry.e, entry.c) if entry.e == FOREIGN else (entry.e,))
