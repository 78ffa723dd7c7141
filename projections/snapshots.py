"""Threads as they were: snapshots on the way, and the walk between two of them.

A snapshot is due when a thread has grown by 256 events or a quarter, whichever is more, since the last: that bounds
the walk by the size of the thread and the memory by a few times the thread. It is the whole fold without html, and
disposable. Its field is `<position> <now> <fold>`: where the thread was, the greatest time at which anything in it
occurred, and the version of the fold, so that the right one is found without reading any.

A redaction throws the snapshots of its thread away, and `thread_at` masks what was redacted since, because the log
still tells it.
"""

import zlib
from collections.abc import Iterable
from functools import partial
from typing import Final, NamedTuple, Protocol

import msgspec

from core.envelope import Recorded
from core.log.port import Log
from core.position import Position
from projections.folding.comments import without_words
from projections.skipping import Skipped, go_on, passing
from projections.state import FOLD, Comment, Thread

FIRST: Final = 256
"""The first snapshot is taken at this many events."""


class Mark(NamedTuple):
    """A snapshot's field: where the thread was, and its greatest time."""

    position: Position
    now: int


class Shelf(Protocol):
    """Where snapshots are kept (`projections.store.Store`)."""

    async def marks(self, site: str, thread: str) -> list[Mark]:
        """The snapshots of a thread that this fold can read, oldest first."""

    async def snapshot(self, site: str, thread: str, mark: Mark) -> Thread | None:
        """One of them; None if it was thrown away meanwhile."""

    async def redacted(self, site: str, thread: str) -> list[tuple[str, int]]:
        """Every text of the thread that was redacted, by comment and revision."""


def due(before: int, after: int) -> bool:
    """Whether a snapshot is due for a thread that grew from `before` to `after` events."""
    level = FIRST
    while level <= before:
        level += max(FIRST, level // 4)
    return level <= after


def mark(thread: Thread) -> Mark:
    """The mark of a snapshot of this thread."""
    return Mark(thread.last, thread.now)


def marks(fields: Iterable[bytes]) -> list[Mark]:
    """The snapshots that these fields name and this fold can read, oldest first."""
    found = []
    for name in fields:
        position, _, rest = name.partition(b" ")
        now, _, fold = rest.partition(b" ")
        if fold == b"%d" % FOLD:
            found.append(Mark(Position.decode(position), int(now)))
    return sorted(found)


def name(mark: Mark) -> str:
    """The field that a mark stands for."""
    return f"{mark.position} {mark.now} {FOLD}"


def field(thread: Thread) -> str:
    """The field of a snapshot of this thread."""
    return name(mark(thread))


def pack(thread: Thread) -> bytes:
    """A snapshot of the thread."""
    return zlib.compress(_ENCODER.encode(thread), 3)


def unpack(snapshot: bytes) -> Thread:
    """The thread of a snapshot, a new one each time."""
    return _DECODER.decode(zlib.decompress(snapshot))


async def thread_at(log: Log, shelf: Shelf, site: str, thread: str, at: Position | int) -> Thread | None:
    """The thread at a position, or at a time in milliseconds since 1970; None where it was not opened yet.

    By time it is a prefix of the thread: up to the last event before whose end nothing occurred later than that.
    It belongs to the caller. Texts that are redacted now are without words, whenever they were redacted. Raises
    `CannotApply` where an event up to there cannot be applied and was not skipped.
    """
    return await passing(log, partial(_thread_at, log, shelf, site, thread, at))


async def _thread_at(
    log: Log, shelf: Shelf, site: str, thread: str, at: Position | int, skipped: Skipped
) -> Thread | None:
    redacted = await shelf.redacted(site, thread)
    known = await shelf.marks(site, thread)
    before = [mark for mark in known if _reached(mark, at)]
    state: Thread | None = None
    if before:
        state = await shelf.snapshot(site, thread, before[-1])
    if state is None:
        state = Thread(site=site, id=thread)
    after = next((mark.position for mark in known if not _reached(mark, at)), None)
    end = after or await log.thread_last(site, thread)
    if end is not None and end > state.last and at != state.last:
        chain = await log.chain(site, thread, end, until=state.last if state.events else None)
        go_on(state, reversed(chain), skipped, partial(_within, at))
    if state.opened is None:
        return None
    for comment, revision in redacted:
        _mask(state.rows.get(comment), revision)
    return state


def _reached(mark: Mark, at: Position | int) -> bool:
    return mark.now <= at if isinstance(at, int) else mark.position <= at


def _within(at: Position | int, recorded: Recorded) -> bool:
    return recorded.occurred_at <= at if isinstance(at, int) else recorded.position <= at


def _mask(comment: Comment | None, revision: int) -> None:
    """Take the words off a text that was redacted later."""
    if comment is None or revision not in comment.texts:
        return
    text = comment.texts[revision]
    if text.redacted is None:
        # Where it was redacted does not matter to anyone who looks at a moment before.
        comment.texts[revision] = without_words(text, text.position)


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Thread)
