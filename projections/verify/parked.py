"""Folding many threads of a partition together, each as far as possible.

A thread that is parked in the views is folded up to that event. So is a thread with an event that cannot be applied.
Its views, which stay as they were before that event, can then be compared with the fold.
"""

from collections.abc import Mapping

from core.events.envelope import Recorded
from core.keys import Partition
from core.log.port import Log
from core.position import Position
from core.redis.errors import retry
from projections.thread.fold import CannotApply, apply, pass_over
from projections.thread.skip_rule import learn
from projections.thread.state import ThreadState
from projections.thread.thread_replay import ThreadReplay
from projections.views import parking
from projections.views.parked_threads import read_parked
from projections.views.parking import Name, Parked
from projections.views.stored_thread import Reads

_HERE = 0
"""The `since` of a thread parked by this comparison only, not in the views."""


class ParkedThreads:
    """The parked threads of one partition, which are folded no further. Methods raise `core.refusals.Unavailable`."""

    def __init__(self, log: Log, reads: Reads, keys: Partition, generation: int) -> None:
        self._log = log
        self._reads = reads
        self._keys = keys
        self._generation = generation
        self._parked: dict[Name, Parked] = {}

    @property
    def parked(self) -> Mapping[Name, Parked]:
        """The threads that are folded no further, including those that only this comparison parked."""
        return self._parked

    @property
    def key(self) -> str:
        """The key of the stored parked threads."""
        return self._keys.parked(self._generation)

    async def begin(self) -> None:
        """Load the parked threads. Call this before any thread is folded, and before each restart of the fold."""
        self._parked = await retry(lambda: read_parked(self._reads, self._keys, self._generation), "verify")

    def take_in(self, thread: ThreadState, name: Name, recorded: Recorded) -> CannotApply | None:
        """Fold the next event of a thread, unless parked. Returns the failure, for `halt`."""
        if name in self._parked and recorded.position >= self._parked[name].position:
            return None
        try:
            apply(thread, recorded)
        except CannotApply as error:
            return error
        return None

    async def halt(self, failed: CannotApply) -> ThreadState:
        """The thread of an event that failed to apply: after the event if it was skipped, else parked before it."""
        recorded = failed.recorded
        envelope = recorded.envelope
        thread = await ThreadReplay(self._log, envelope.site, envelope.thread).at(before=recorded.position)
        if await learn(self._log, set(), recorded):
            pass_over(thread, recorded)
        else:
            self._parked[thread.site, thread.id] = parking.parked(recorded, failed.why, _HERE)
        return thread

    async def of(self, threads: dict[Name, ThreadState], name: Name, at: Position) -> Parked | None:
        """The parked record of a thread, stored or found here. A thread requeued since is folded on to `at`."""
        there = self._parked.get(name)
        stored = await retry(lambda: self._reads.call("HGET", self.key, parking.field(*name)), "verify")
        if there is not None and there.since != _HERE and stored is None:
            del self._parked[name]
            threads[name] = await ThreadReplay(self._log, *name).at(at)
            return None
        return there if stored is None else parking.decode(stored)
