"""LRU cache of folded threads between commits, over all partitions of a process, bounded in bytes.

Sizes are estimates from fixed costs per object, measured with `tracemalloc` on CPython 3.11.
"""

from collections import OrderedDict
from typing import Final, Protocol

from projections.thread.state import CommentState, ThreadState
from projections.views.parking import Name

MOST_BYTES: Final = 128 * 1024 * 1024
"""Default size of the cache in bytes."""

THREAD: Final = 2000
"""Bytes per thread, without comments."""
ROW: Final = 1050
"""Bytes per comment, without texts."""
TEXT: Final = 375
"""Bytes per text, without its body."""
BALLOT: Final = 100
"""Bytes per vote."""
REPORT: Final = 300
"""Bytes per decided report."""
NOTICE: Final = 500
"""Bytes per notice, without its words."""
FIGURE: Final = 300
"""Bytes per event that figures count."""


class Holder(Protocol):
    """A holder of threads in the cache (`projections.views.projection.Projection`)."""

    def release(self, name: Name) -> bool:
        """Release a thread unless it has uncommitted changes. True if released."""


class ThreadCache:
    """Sizes and order of use of the cached threads. The threads themselves belong to their holders."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._sizes: OrderedDict[tuple[Holder, Name], int] = OrderedDict()
        self.bytes = 0
        """Bytes kept."""

    def keep(self, holder: Holder, name: Name, size: int) -> None:
        """Register a thread that its holder keeps from now on."""
        self.drop(holder, name)
        self._sizes[holder, name] = size
        self.bytes += size

    def use(self, holder: Holder, name: Name, growth: int) -> None:
        """Mark a thread as used and add `growth` bytes to its size."""
        self._sizes[holder, name] += growth
        self._sizes.move_to_end((holder, name))
        self.bytes += growth

    def drop(self, holder: Holder, name: Name) -> None:
        """Unregister a thread."""
        self.bytes -= self._sizes.pop((holder, name), 0)

    def fit(self) -> None:
        """Release threads in LRU order until the rest fits. The most recently used thread always stays."""
        busy: list[tuple[tuple[Holder, Name], int]] = []
        while self.bytes > self._most_bytes and len(self._sizes) > 1:
            kept, size = self._sizes.popitem(last=False)
            holder, name = kept
            if holder.release(name):
                self.bytes -= size
            else:
                busy.append((kept, size))
        for kept, size in reversed(busy):
            self._sizes[kept] = size
            self._sizes.move_to_end(kept, last=False)


def size_of(thread: ThreadState) -> int:
    """Size of a thread in bytes."""
    return THREAD + sum(size_of_row(comment) + BALLOT * _votes(comment) for comment in thread.rows.values())


def _votes(comment: CommentState) -> int:
    """The number of members with a vote, or a void one."""
    return len(comment.ballots.keys() | comment.voids.keys()) if comment.voids else len(comment.ballots)


def size_of_row(comment: CommentState) -> int:
    """Size of a comment in bytes, without votes."""
    texts = sum(TEXT + len(text.body or "") for text in comment.texts.values())
    words = sum(len(words.explanation or "") for words in comment.notice_words.values())
    figures = FIGURE * len(comment.figures)
    return ROW + texts + REPORT * len(comment.decided_reports) + NOTICE * len(comment.notices) + words + figures
