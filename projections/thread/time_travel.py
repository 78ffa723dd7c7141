"""Past states of threads: a fold from the last snapshot before a moment, over events read backward from at or after it.

The log may still hold texts that were redacted later, so those are masked.
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
from projections.thread.skip_rule import Skipped, passing
from projections.thread.snapshots import Mark
from projections.thread.state import CommentState, ThreadState


class SnapshotIndex(NamedTuple):
    """The snapshots of a thread that this fold can read, oldest first, and the thread's redacted texts."""

    marks: list[Mark]
    redacted: list[tuple[str, int]]
    """Redacted texts by comment and revision."""


class SnapshotSource(Protocol):
    """Storage of snapshots (`projections.views.store.Store`)."""

    async def known(self, site: str, thread: str) -> SnapshotIndex:
        """Return the snapshots and redactions of a thread, consistent with each other."""

    async def packed(self, site: str, thread: str, mark: Mark) -> bytes | None:
        """Return one packed snapshot; None if it was deleted meanwhile."""


async def thread_at(
    log: Log, source: SnapshotSource, site: str, thread: str, at: Position | int, pace: Pace | None = None
) -> ThreadState | None:
    """The thread at a position, or at a time in milliseconds since 1970; None if it was not opened yet.

    A time selects a prefix of the thread: all events before the first one that occurred later than that time. The state
    belongs to the caller. The fold runs at `pace`; without `pace` it only yields to other tasks.

    Texts that are redacted now have no words, whatever the time of their redaction. Raises `CannotApply` if an event in
    that range cannot be applied and was not skipped.
    """
    return await passing(log, partial(_thread_at, log, source, site, thread, at, pace or Pace()))


async def _thread_at(
    log: Log, source: SnapshotSource, site: str, thread: str, at: Position | int, pace: Pace, skipped: Skipped
) -> ThreadState | None:
    known, named = await both(lambda: source.known(site, thread), lambda: _named(log, site, thread, at))
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
        packed, chain = await both(lambda: source.packed(site, thread, begin), walk)
        state = None if packed is None else await paced_replay.unpack(packed, pace)
        if state is None:
            chain += await log.chain(site, thread, begin.position)
    if state is None:
        state = ThreadState(site=site, id=thread)
    pace.begin()
    await paced_replay.fold(state, reversed(chain), skipped, partial(_within, at), pace)
    if state.opened is None:
        return None
    for comment, revision in known.redacted:
        _mask(state.rows.get(comment), revision)
    return state


async def _named(log: Log, site: str, thread: str, at: Position | int) -> Position | None:
    """Return `at` if it is the position of an event of this thread: the backward walk then starts there."""
    if isinstance(at, int) or await event_at(log, site, thread, at) is None:
        return None
    return at


def _reached(mark: Mark, at: Position | int) -> bool:
    return mark.now <= at if isinstance(at, int) else mark.position <= at


def _within(at: Position | int, recorded: Recorded) -> bool:
    return recorded.occurred_at <= at if isinstance(at, int) else recorded.position <= at


def _mask(comment: CommentState | None, revision: int) -> None:
    """Remove the words of a text that was redacted later."""
    if comment is None or revision not in comment.texts:
        return
    text = comment.texts[revision]
    if text.redacted is None:
        # The position of the redaction has no meaning at an earlier moment.
        comment.texts[revision] = text.without_words(text.position)
