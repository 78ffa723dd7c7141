"""Whether a follower is still on the branch that it began on.

A server that failed over may have lost its newest entries and grown others since. To read on *after* a position would
join the two branches, and where the numbers happen to be dense nobody would notice. So every read of a follower begins
with the entry that it took in last, and that one has to be what it was: one entry more a read, and a hash of it.
"""

from collections.abc import Iterable
from hashlib import blake2b

from core.log.port import Entry, LogDiverged
from core.position import START, Position


def digest(fields: Iterable[bytes]) -> bytes:
    """A short hash of what an entry holds."""
    found = blake2b(digest_size=8)
    for field in fields:
        found.update(len(field).to_bytes(8))
        found.update(field)
    return found.digest()


class DivergenceCheck:
    """What a follower remembers of the last entry that it took in; `at` is its position."""

    def __init__(self, partition: int, after: Position) -> None:
        self.at = after
        self._partition = partition
        self._digest: bytes | None = None
        """None while no entry was seen: of the place where a follower begins, only its being there can be asked."""

    def most(self, limit: int) -> int:
        """How many entries to read, from and with `at`, for `limit` beyond it."""
        return limit + (self.at != START)

    def beyond(self, entries: list[Entry]) -> list[Entry]:
        """Take in what was read from and with `at`; the entries after it. Raises `LogDiverged`."""
        if self.at != START:
            if not (entries and self._is_last(entries[0])):
                raise LogDiverged(self._partition, self.at)
            self._remember(entries[0])
            entries = entries[1:]
        if entries:
            self._remember(entries[-1])
        return entries

    def _is_last(self, entry: Entry) -> bool:
        return entry.position == self.at and self._digest in (None, digest((entry.e, entry.c)))

    def _remember(self, entry: Entry) -> None:
        self.at, self._digest = entry.position, digest((entry.e, entry.c))
