"""Snapshots of threads: when one is due, and what it is called.

A snapshot is due when a thread has grown by 256 events or a quarter, whichever is more, since the last: that bounds
the walk by the size of the thread and the memory by a few times the thread. It is the whole fold without html, and
disposable. Its field is `<position> <now> <fold>`: where the thread was, the greatest time at which anything in it
occurred, and the version of the fold, so that the right one is found without reading any. Pure.

Fields that a snapshot has and this version does not know are passed over, and fields that it lacks have their
defaults: a field that only new events set needs no new fold, and every snapshot stays good.

A redaction throws the snapshots of its thread away.
"""

import zlib
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from core.position import Position
from projections.thread.state import FOLD, ThreadState

FIRST: Final = 256
"""The first snapshot is taken at this many events."""


class Mark(NamedTuple):
    """A snapshot's field: where the thread was, and its greatest time."""

    position: Position
    now: int


def due(before: int, after: int) -> bool:
    """Whether a snapshot is due for a thread that grew from `before` to `after` events."""
    level = FIRST
    while level <= before:
        level += max(FIRST, level // 4)
    return level <= after


def mark(thread: ThreadState) -> Mark:
    """The mark of a snapshot of this thread."""
    return Mark(thread.last, thread.now)


def marks(fields: Iterable[bytes], version: int = FOLD) -> list[Mark]:
    """The snapshots that these fields name and this version of the fold can read, oldest first."""
    found = []
    for name in fields:
        position, _, rest = name.partition(b" ")
        now, _, fold = rest.partition(b" ")
        if fold == b"%d" % version:
            found.append(Mark(Position.decode(position), int(now)))
    return sorted(found)


def name(mark: Mark, version: int = FOLD) -> str:
    """The field that a mark stands for."""
    return f"{mark.position} {mark.now} {version}"


def field(thread: ThreadState, version: int = FOLD) -> str:
    """The field of a snapshot of this thread."""
    return name(mark(thread), version)


def kept(thread: ThreadState) -> ThreadState:
    """The thread as a snapshot keeps it, which shares all that it has with `thread`.

    What no past of it shows, and snapshots of before have not, is left out: so those stay good, and equal to new ones.
    """
    waiting = {name: replace(comment, waits=None) for name, comment in thread.rows.items() if comment.waits is not None}
    rows = {**thread.rows, **waiting} if waiting else thread.rows
    return replace(thread, opened_at=None, opened_by=None, rows=rows)


def pack(thread: ThreadState) -> bytes:
    """A snapshot of the thread."""
    return zlib.compress(_ENCODER.encode(kept(thread)), zlib.Z_BEST_SPEED)


def unpack(snapshot: bytes) -> ThreadState:
    """The thread of a snapshot, a new one each time."""
    return _DECODER.decode(zlib.decompress(snapshot))


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(ThreadState)
