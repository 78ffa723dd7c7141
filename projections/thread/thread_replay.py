"""Replay of one thread from its log alone, in bounded reads (chunks), yielding to other tasks of the process."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from core.events.envelope import Recorded, read
from core.events.lost_content import LostContents
from core.log.port import Entry, Log
from core.position import START, Position
from core.throttle import Pace
from projections.thread.fold import CannotApply
from projections.thread.paced_replay import fold
from projections.thread.skip_rule import learn
from projections.thread.state import ThreadState

CHUNK: Final = 1024
"""Events per read."""
KEPT: Final = 8
"""Chunks kept in memory during the backward walk; earlier ones are read again going forward."""
NEWEST: Final = Position(2**63, 0)
"""Position after every event."""


class ThreadReplay:
    """The fold of one thread from its own events, which can be moved forward and back. Skipped events change nothing.

    With `stops`, the fold ends before an event that cannot be applied, and `failed` is that event. Without `stops`,
    `at` raises CannotApply. The replay walks back pointers from the thread's last event; the function `last`, if given,
    returns for a position another event of the thread to walk from. `passed` is called after each event.
    """

    def __init__(
        self,
        log: Log,
        site: str,
        thread: str,
        *,
        stops: bool = False,
        last: Callable[[Position], Awaitable[Position | None]] | None = None,
        passed: Callable[[ThreadState], None] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.failed: CannotApply | None = None
        self.state = ThreadState(site=site, id=thread)
        """The thread as far as it was folded, without events if it has none. Only valid until the next `at`."""
        self.lost = LostContents()
        """The missing content of the events that were folded."""
        self._log = log
        self._stops = stops
        self._last = last
        self._passed = passed
        self._pace = pace or Pace()
        self._skipped: set[Position] = set()
        self._upto = START

    async def at(self, upto: Position = NEWEST, *, before: Position = NEWEST) -> ThreadState:
        """The thread after exactly its events up to `upto`, without the event at `before` and those after it.

        Raises `CannotApply` without `stops`, `core.log.port.BrokenChain`, `core.refusals.Unavailable`.
        """
        end = min(upto, _preceding(before))
        if self.failed is not None:
            end = min(end, _preceding(self.failed.position))
        if end < self._upto:
            self._begin()
        if end == self._upto and end != NEWEST:
            return self.state
        last = await self._newest(upto)
        while True:
            is_new = not self.state.events
            try:
                await self._go_on(last, end)
            except CannotApply as error:
                self._begin()
                # Events folded earlier may be of a branch that the log has left; if not, this event recurs.
                if is_new and not await learn(self._log, self._skipped, error.recorded):
                    if not self._stops:
                        raise
                    self.failed = error
                    end = _preceding(error.position)
            else:
                self._upto = end
                return self.state

    @property
    def skipped(self) -> frozenset[Position]:
        """Positions of the events that the fold passed over, because an operator skipped them."""
        return frozenset(self._skipped)

    def _begin(self) -> None:
        self.state = ThreadState(site=self.state.site, id=self.state.id)
        self.lost = LostContents()
        self._upto = START
        self.failed = None

    async def _newest(self, upto: Position) -> Position | None:
        if self._last is None:
            return await self._log.thread_last(self.state.site, self.state.id)
        return await self._last(upto)

    async def _go_on(self, last: Position | None, upto: Position) -> None:
        state = self.state
        if last is None or last <= state.last:
            return

        def within(recorded: Recorded) -> bool:
            return recorded.position <= upto

        after = state.last if state.events else None
        async for chunk in chunks(self._log, state.site, state.id, last, after=after):
            if not await fold(state, chunk, self._skipped, within, self._pace, self._passed, self.lost):
                return


async def chunks(
    log: Log, site: str, thread: str, last: Position, *, after: Position | None = None
) -> AsyncIterator[list[Entry]]:
    """The events of a thread after `after`, up to and including `last`, oldest first, in bounded lists.

    In the log each event names its predecessor. The walk therefore runs backward first and keeps the start of each
    chunk.
    """
    begun: list[Position] = []
    kept: deque[list[Entry]] = deque(maxlen=KEPT)
    at: Position | None = last
    while at is not None and at != after:
        begun.append(at)
        kept.append(await log.chain(site, thread, at, until=after, limit=CHUNK))
        before = read(*kept[-1][-1]).envelope.tp
        at = Position.parse(before) if before else None
    while begun:
        start = begun.pop()
        chunk = kept.pop() if kept else await log.chain(site, thread, start, until=after, limit=CHUNK)
        yield chunk[::-1]


def _preceding(position: Position) -> Position:
    """The latest position that an event before this one can have: numbers are dense."""
    return position if position == NEWEST else Position(position.ms, position.n - 1)
