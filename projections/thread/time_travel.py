"""Threads as they were: folded from the snapshot before a moment on, by a walk back from the moment or from after it.

The log still tells what was redacted since, so that is masked.
"""

from functools import partial
from typing import NamedTuple, Protocol

from core.application.loading import event_at
from core.concurrency import both
from core.events.envelope import Recorded
from core.log.port import Entry, Log
from core.position import Position
from core.throttle import Pace
from projections.thread import paced_replay
from projections.thread.comments import without_words
from projections.thread.skip_rule import Skipped, passing
from projections.thread.snapshots import Mark
from projections.thread.state import CommentState, ThreadState


class SnapshotIndex(NamedTuple):
    """The snapshots of a thread that this fold can read, oldest first, and every text of it that was redacted."""

    marks: list[Mark]
    redacted: list[tuple[str, int]]
    """By comment and revision."""


class SnapshotSource(Protocol):
    """Where snapshots are kept (`projections.views.store.Store`)."""

    async def known(self, site: str, thread: str) -> SnapshotIndex:
        """What is kept of a thread, of one moment."""

    async def packed(self, site: str, thread: str, mark: Mark) -> bytes | None:
        """One of them, packed; None if it was thrown away meanwhile."""


async def thread_at(
    log: Log, shelf: SnapshotSource, site: str, thread: str, at: Position | int, pace: Pace | None = None
) -> ThreadState | None:
    """The thread at a position, or at a time in milliseconds since 1970; None where it was not opened yet.

    By time it is a prefix of the thread: up to the last event before whose end nothing occurred later than that.
    It belongs to the caller. It is folded at `pace`; without one, others only have their turn.

    Texts that are redacted now are without words, whenever they were redacted. Raises
    `CannotApply` where an event up to there cannot be applied and was not skipped.
    """
    return await passing(log, partial(_thread_at, log, shelf, site, thread, at, pace or Pace()))


async def _thread_at(
    log: Log, shelf: SnapshotSource, site: str, thread: str, at: Position | int, pace: Pace, skipped: Skipped
) -> ThreadState | None:
    known, named = await both(lambda: shelf.known(site, thread), lambda: _named(log, site, thread, at))
    begin = next((mark for mark in reversed(known.marks) if _reached(mark, at)), None)
    after = next((mark.position for mark in known.marks if not _reached(mark, at)), None)
    end = named or after or await log.thread_last(site, thread)

    async def walk() -> list[Entry]:
        if end is None or (begin is not None and end <= begin.position):
            return []
        return await log.chain(site, thread, end, until=None if begin is None else begin.position)

    if begin is None:
        state, chain = None, await walk()
    else:
        packed, chain = await both(lambda: shelf.packed(site, thread, begin), walk)
        state = None if packed is None else await paced_replay.unpack(packed, pace)
        if state is None:
            chain += await log.chain(site, thread, begin.position)
    if state is None:
        state = ThreadState(site=site, id=thread)
    await paced_replay.fold(state, reversed(chain), skipped, partial(_within, at), pace)
    if state.opened is None:
        return None
    for comment, revision in known.redacted:
        _mask(state.rows.get(comment), revision)
    return state


async def _named(log: Log, site: str, thread: str, at: Position | int) -> Position | None:
    """Where `at` names an event of this thread, that: no walk need begin behind it."""
    if isinstance(at, int) or await event_at(log, site, thread, at) is None:
        return None
    return at


def _reached(mark: Mark, at: Position | int) -> bool:
    return mark.now <= at if isinstance(at, int) else mark.position <= at


def _within(at: Position | int, recorded: Recorded) -> bool:
    return recorded.occurred_at <= at if isinstance(at, int) else recorded.position <= at


def _mask(comment: CommentState | None, revision: int) -> None:
    """Take the words off a text that was redacted later."""
    if comment is None or revision not in comment.texts:
        return
    text = comment.texts[revision]
    if text.redacted is None:
        # Where it was redacted does not matter to anyone who looks at a moment before.
        comment.texts[revision] = without_words(text, text.position)
