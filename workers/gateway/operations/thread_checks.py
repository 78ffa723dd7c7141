"""Checks of single threads on request, to tell whether what is served is the fold of the log.

A check costs time that grows with its thread. It runs in steps that yield to other tasks, one at a time per process and
so per thread, and concurrent requests for a thread share one. Its result is kept for as long as the thread has no later
event and its views are the same ones, but no longer than `KEPT_S` seconds: views can be damaged without either.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from msgspec import Struct

from core.log.port import BrokenChain, Log
from core.lru import Lru
from core.redis.deployment import Deployment
from core.refusals import NotFound, Unavailable
from core.singleflight import SingleFlight
from core.text.render import rendered
from core.throttle import Pace
from core.times import rfc3339
from projections.read.progress import ThreadProgress, thread_state
from projections.read.served_generation import Served
from projections.thread.thread_replay import ThreadReplay
from projections.verify.difference import Difference, Superseded
from projections.verify.single_thread import SingleThreadCheck
from projections.views.store import Store
from workers.gateway.operations.bounded_work import BoundedWork

KEPT_S: Final = 60.0
"""Seconds for which a result is kept at most."""
MOST_KEPT: Final = 1000
"""Results that are kept; the least recently used are evicted."""
MOST_LISTED: Final = 100
"""Differences that a result lists."""
SHARE: Final = 0.5
"""Share of the event loop's time that checks may take."""
_TRIES: Final = 5
"""Times that a check begins again because another generation of views is served meanwhile."""
_BY_COMMENT: Final = frozenset({"rows", "votes", "names", "answers", "revisions", "reports"})
"""Views whose fields begin with the id of a comment; the fields of others may name a member."""


class ThreadDifference(Struct, frozen=True, kw_only=True):
    """One difference, without the values: they may be words, or say who voted."""

    view: str
    comment: str | None
    what: str
    """`missing`, `surplus` or `other`; `stopped` where the thread cannot be folded further."""


class ThreadCheckResult(Struct, frozen=True, kw_only=True):
    """The result of a check."""

    events: int
    """Number of events folded."""
    identical: bool
    at: str
    differs: list[ThreadDifference]
    not_compared: list[str]
    """Parts of the views that another version wrote in another way."""


class _CheckEntry(NamedTuple):
    state: ThreadProgress
    at: float
    result: ThreadCheckResult


class ThreadChecks:
    """Makes and keeps checks of threads. `clock` gives seconds since 1970."""

    def __init__(
        self,
        deployment: Deployment,
        served: Served,
        log: Log,
        clock: Callable[[], float],
        *,
        kept: float = KEPT_S,
    ) -> None:
        self._reads = deployment.reads
        self._store = Store(deployment.calls, deployment.reads, deployment.keys)
        self._served, self._log, self._clock = served, log, clock
        self._work = BoundedWork("check", "checks", at_once=1, share=SHARE)
        self._kept_for = kept
        self._kept = Lru[tuple[str, str], _CheckEntry](MOST_KEPT)
        self._flights: SingleFlight[tuple[str, str], ThreadCheckResult] = SingleFlight()

    async def check(self, site: str, thread: str) -> ThreadCheckResult:
        """The check of a thread, kept or made now. Raises NotFound, Unavailable."""
        name = site, thread
        state = await thread_state(self._served, site, thread)
        if state.last is None:
            raise NotFound
        kept = self._kept.get(name)
        if kept is not None and kept.state == state and self._clock() - kept.at < self._kept_for:
            return kept.result

        async def make() -> ThreadCheckResult:
            async with self._work.place() as pace:
                result = await self._made(site, thread, pace)
            self._kept.put(name, _CheckEntry(state, self._clock(), result), 1)
            return result

        return await self._flights.get(name, make)

    async def _made(self, site: str, thread: str, pace: Pace) -> ThreadCheckResult:
        for _ in range(_TRIES):
            try:
                return await self._compared(site, thread, pace)
            except Superseded:
                continue
            except BrokenChain as error:
                raise Unavailable("the log of this thread cannot be read") from error
        raise Unavailable("the views of this thread are being replaced")

    async def _compared(self, site: str, thread: str, pace: Pace) -> ThreadCheckResult:
        partition = self._store.keys.of(site, thread)
        store = await self._store.served(partition.number)
        scope = await store.scope(partition.number)
        if not scope.fold:
            raise Unavailable("the views were written by a version that folds in another way")
        check = SingleThreadCheck(
            self._reads, partition, store.generation, rendered, scope=scope, pace=pace, call="check"
        )
        fold = ThreadReplay(self._log, site, thread, stops=True, pace=pace)
        found: list[ThreadDifference] = []
        differs = False
        async for difference in check.differences(fold):
            differs = True
            if len(found) < MOST_LISTED:
                found.append(_without_values(difference))
        return ThreadCheckResult(
            events=fold.state.events,
            identical=not differs,
            at=rfc3339(int(self._clock() * 1000)),
            differs=found,
            not_compared=sorted(check.left),
        )


def _without_values(difference: Difference) -> ThreadDifference:
    """A difference without its values, and with no other field than the id of a comment."""
    view = difference.key.rpartition(":")[2]
    if difference.parked is not None:
        return ThreadDifference(view=view, comment=None, what="stopped")
    comment = None if difference.field is None or view not in _BY_COMMENT else difference.field.partition(":")[0]
    what = "missing" if difference.found is None else "surplus" if difference.expected is None else "other"
    return ThreadDifference(view=view, comment=comment, what=what)
