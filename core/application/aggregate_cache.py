"""Cache of the aggregates that decisions of this process loaded.

A cached aggregate is a hint only: the head is always read, or compared by the append (`core.application.loading`).
"""

import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from core import heads
from core.domain.comment import Comment
from core.domain.context import LoadedList
from core.domain.thread import Thread
from core.lru import Lru
from core.position import Position
from core.text.word_list import WordList

_Key = tuple[str, str, str]
_VOTES: Final = f"{heads.VOTE}:"


class CachedAggregate(NamedTuple):
    """An aggregate as of its event at `position`."""

    position: Position
    state: Any


MOST_BYTES: Final = 16 * 1024 * 1024
"""Default size: about eight thousand comments and as many votes."""


MOST_LIST_BYTES: Final = 64 * 1024 * 1024
"""Size of the compiled word lists: about twenty of ten thousand terms."""
_MOST_NAMES: Final = 4096
"""Names that were compared a moment ago."""
_OWN_FOR: Final = 60.0
"""Seconds for which a name is not compared again in a thread: names beside the log may lag."""
_MOST_NAMED: Final = 16
"""Sets of word lists that are used together."""
_TERM_BYTES: Final = 320
"""Approximate memory size of a term, compiled."""


class AggregateCache:
    """LRU cache of aggregates by site, thread and head field, bounded in bytes. A quarter is reserved for votes.

    The state of a vote is its note (`core.heads.note`).
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        # Separate, because votes outnumber all other aggregates and most are never needed again.
        self._votes = Lru[_Key, CachedAggregate](most_bytes // 4)
        self._others = Lru[_Key, CachedAggregate](most_bytes - most_bytes // 4)
        self._names: dict[tuple[str, str, str, str], float] = {}
        self._named: dict[tuple[str, frozenset[str]], tuple[Position, Mapping[str, LoadedList]]] = {}
        self._lists = Lru[_Key, tuple[Position, WordList]](MOST_LIST_BYTES)

    @property
    def bytes(self) -> int:
        """Bytes kept."""
        return self._votes.bytes + self._others.bytes

    def get(self, site: str, thread: str, field: str) -> CachedAggregate | None:
        """Return the cached aggregate, which may be outdated or of a branch of the log that was lost."""
        return self._of(field).get((site, thread, field))

    def put(self, site: str, thread: str, field: str, fold: CachedAggregate) -> None:
        """Cache an aggregate in place of the previous one. Above the bound, the least recently used are evicted."""
        self._of(field).put((site, thread, field), fold, size_of(fold))

    def word_list(self, site: str, name: str, position: Position) -> WordList | None:
        """Return a compiled word list if its version is the one at this position."""
        known = self._lists.get((site, "", name))
        return None if known is None or known[0] != position else known[1]

    def put_word_list(self, site: str, name: str, position: Position, words: WordList, count: int) -> None:
        """Cache a word list of so many terms in place of its previous version."""
        self._lists.put((site, "", name), (position, words), 2000 + _TERM_BYTES * count)

    def loaded_lists(self, site: str, names: frozenset[str], position: Position) -> Mapping[str, LoadedList] | None:
        """Return the lists of these names if the last change of the site's lists is the one at this position."""
        known = self._named.get((site, names))
        return None if known is None or known[0] != position else known[1]

    def put_loaded_lists(
        self, site: str, names: frozenset[str], position: Position, lists: Mapping[str, LoadedList]
    ) -> None:
        """Cache the lists of these names, of which the words are cached, too."""
        if len(self._named) >= _MOST_NAMED:
            self._named.clear()
        self._named[site, names] = position, lists

    def is_own_name(self, site: str, thread: str, member: str, look: str) -> bool:
        """True if the name of a member, by its look, was found to be like no other in the thread a moment ago."""
        found = self._names.get((site, thread, member, look))
        return found is not None and time.monotonic() - found < _OWN_FOR

    def put_own_name(self, site: str, thread: str, member: str, look: str) -> None:
        """Note that the name of a member was found to be like no other in the thread."""
        if len(self._names) >= _MOST_NAMES:
            self._names.clear()
        self._names[site, thread, member, look] = time.monotonic()

    def _of(self, field: str) -> Lru[_Key, CachedAggregate]:
        return self._votes if field.startswith(_VOTES) else self._others


def size_of(fold: CachedAggregate) -> int:
    """Return the approximate memory size of a cached aggregate in bytes, its key included."""
    match fold.state:
        case str():
            return 460
        case Comment(texts=texts, notices=notices):
            return 1200 + 350 * len(texts) + 400 * len(notices)
        case Thread(anchors=anchors):
            return 2000 + 600 * len(anchors)
        case _:
            return 2000
