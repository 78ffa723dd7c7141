"""The folded threads that a process keeps between commits, over all its partitions, within a number of bytes.

Sizes are counted, not measured: what CPython 3.11 takes of a comment of each kind, as `tracemalloc` told.
"""

from collections import OrderedDict
from typing import Final, Protocol

from projections.thread.state import CommentState, ThreadState
from projections.views.parking import Name

MOST_BYTES: Final = 128 * 1024 * 1024
"""Default size of the cache."""

THREAD: Final = 2000
"""Bytes of a thread without comments."""
ROW: Final = 1050
"""Bytes of a comment without its texts."""
TEXT: Final = 375
"""Bytes of a text without its words."""
BALLOT: Final = 100
"""Bytes of a vote."""


class Holder(Protocol):
    """A holder of threads in the cache (`projections.views.projection.Projection`)."""

    def release(self, name: Name) -> bool:
        """Let go of a thread, unless it has changes that are yet to be committed; whether that was done."""


class ThreadCache:
    """The kept threads, with size and order of use. The threads themselves belong to their holders."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._sizes: OrderedDict[tuple[Holder, Name], int] = OrderedDict()
        self.bytes = 0
        """Bytes that are kept."""

    def keep(self, holder: Holder, name: Name, size: int) -> None:
        """Count a thread that is held from now on."""
        self.drop(holder, name)
        self._sizes[holder, name] = size
        self.bytes += size

    def use(self, holder: Holder, name: Name, growth: int) -> None:
        """Note that a thread was used and has grown by so many bytes."""
        self._sizes[holder, name] += growth
        self._sizes.move_to_end((holder, name))
        self.bytes += growth

    def drop(self, holder: Holder, name: Name) -> None:
        """Count a thread no more."""
        self.bytes -= self._sizes.pop((holder, name), 0)

    def fit(self) -> None:
        """Have threads released, the longest unused first, until the rest fits; the one used last stays in any case."""
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
    """The bytes of a thread."""
    return THREAD + sum(size_of_row(comment) + BALLOT * len(comment.ballots) for comment in thread.rows.values())


def size_of_row(comment: CommentState) -> int:
    """The bytes of a comment, without votes."""
    return ROW + sum(TEXT + len(text.body or "") for text in comment.texts.values())
