"""Snapshots of threads: when a snapshot is due, and its field name. Pure.

A snapshot is due when a thread has grown by 256 events or a quarter, whichever is more, since the last snapshot. That
bounds the replay by the size of the thread and the memory by a few times the thread. A snapshot is the whole fold
without html, and disposable. Its field is `<position> <now> <fold>`: the thread's position, the latest time at which an
event of the thread occurred, and the version of the fold. The right snapshot is thus found without reading any.

Unknown fields of a snapshot are ignored, and missing fields have their defaults. A field that only new events set
therefore needs no new fold version, and every snapshot stays valid.

A redaction deletes the snapshots of its thread.
"""

import zlib
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from core.position import Position
from projections.thread.state import FOLD, ThreadState, picks_of

FIRST: Final = 256
"""Number of events at the first snapshot."""


class Mark(NamedTuple):
    """Field of a snapshot: the thread's position and its latest event time."""

    position: Position
    now: int


def due(before: int, after: int) -> bool:
    """True if a snapshot is due for a thread that grew from `before` to `after` events."""
    level = FIRST
    while level <= before:
        level += max(FIRST, level // 4)
    return level <= after


def mark(thread: ThreadState) -> Mark:
    """The mark of a snapshot of this thread."""
    return Mark(thread.last, thread.now)


def marks(fields: Iterable[bytes], version: int = FOLD) -> list[Mark]:
    """The marks of those fields that this version of the fold can read, oldest first."""
    found = []
    for name in fields:
        position, _, rest = name.partition(b" ")
        now, _, fold = rest.partition(b" ")
        if fold == b"%d" % version:
            found.append(Mark(Position.decode(position), int(now)))
    return sorted(found)


def name(mark: Mark, version: int = FOLD) -> str:
    """The field name of a mark."""
    return f"{mark.position} {mark.now} {version}"


def field(thread: ThreadState, version: int = FOLD) -> str:
    """The field name of a snapshot of this thread."""
    return name(mark(thread), version)


def kept(thread: ThreadState) -> ThreadState:
    """The thread as stored in a snapshot. The result shares its contents with `thread`.

    Fields that no past page shows, and that older snapshots lack, are left out. Older snapshots thus stay valid and
    equal to new ones.
    """
    less = {
        name: replace(
            comment,
            waits=None,
            waited=None,
            waited_by_import=None,
            decided_reports=[],
            decisions=[],
            figures=[],
            notice_words={},
        )
        for name, comment in thread.rows.items()
        if comment.waits is not None
        or comment.waited is not None
        or comment.waited_by_import is not None
        or comment.decided_reports
        or comment.decisions
        or comment.figures
        or comment.notice_words
    }
    rows = {**thread.rows, **less} if less else thread.rows
    return replace(thread, opened_at=None, opened_by=None, rows=rows)


def pack(thread: ThreadState) -> bytes:
    """Serialize the thread into a snapshot."""
    return zlib.compress(_ENCODER.encode(kept(thread)), zlib.Z_BEST_SPEED)


def unpack(snapshot: bytes) -> ThreadState:
    """Deserialize a snapshot into a new thread."""
    thread = _DECODER.decode(zlib.decompress(snapshot))
    thread.picks = picks_of(thread.rows)
    return thread


def same(found: ThreadState, thread: ThreadState) -> bool:
    """True if a snapshot is that of a thread, both unpacked. An older snapshot has no `status_at`."""
    if found.status_at is None:
        thread = replace(thread, status_at=None)
    return found == thread


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(ThreadState)
