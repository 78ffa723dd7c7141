"""Cache of the aggregates that decisions of this process loaded.

A cached aggregate is a hint only: the head is always read, or compared by the append (`core.application.loading`).
"""

from typing import Any, Final, NamedTuple

from core import heads
from core.domain.comment import Comment
from core.domain.thread import Thread
from core.lru import Lru
from core.position import Position

_Key = tuple[str, str, str]
_VOTES: Final = f"{heads.VOTE}:"


class CachedAggregate(NamedTuple):
    """An aggregate as of its event at `position`."""

    position: Position
    state: Any


MOST_BYTES: Final = 16 * 1024 * 1024
"""Default size: about eight thousand comments and as many votes."""


class AggregateCache:
    """LRU cache of aggregates by site, thread and head field, bounded in bytes. A quarter is reserved for votes.

    The state of a vote is its note (`core.heads.note`).
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        # Separate, because votes outnumber all other aggregates and most are never needed again.
        self._votes = Lru[_Key, CachedAggregate](most_bytes // 4)
        self._others = Lru[_Key, CachedAggregate](most_bytes - most_bytes // 4)

    @property
    def bytes(self) -> int:
        """Bytes kept."""
        return self._votes.bytes + self._others.bytes

    def get(self, site: str, thread: str, field: str) -> CachedAggregate | None:
        """Return the cached aggregate, which may be outdated or of a branch of the log that was lost."""
        return self._of(field).get((site, thread, field))

    def put(self, site: str, thread: str, field: str, fold: CachedAggregate) -> None:
        """Cache an aggregate in place of the previous one, and evict the least recently used."""
        self._of(field).put((site, thread, field), fold, size_of(fold))

    def _of(self, field: str) -> Lru[_Key, CachedAggregate]:
        return self._votes if field.startswith(_VOTES) else self._others


def size_of(fold: CachedAggregate) -> int:
    """Return the approximate memory size of a cached aggregate in bytes, its key included."""
    match fold.state:
        case str():
            return 460
        case Comment(texts=texts):
            return 1200 + 350 * len(texts)
        case Thread(anchors=anchors):
            return 2000 + 600 * len(anchors)
        case _:
            return 2000
