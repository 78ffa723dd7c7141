"""The views of one partition, kept level with its log: read, fold, commit, for as long as the lease is ours.

What goes wrong is answered by a policy, a value: a server that is away is waited for, an event that cannot be applied
is tried again from what is stored and then stops its partition, which says so loudly and stays where it is.
"""

from contextlib import aclosing
from enum import Enum
from typing import Final

import anyio
import structlog
from anyio import CancelScope
from msgspec import Struct
from redis.exceptions import RedisError

from core.envelope import decode
from core.log.port import Entry, Log, LostBranch
from core.position import START, Position
from core.redis.faults import delays, is_passing
from core.refusals import Unavailable
from projections.folding.touched import CannotApply
from projections.loading import Torn
from projections.partition import MOST_ROWS, Projection
from projections.snapshots import thread_at
from projections.state import Thread
from projections.store import Done, Fenced, Mismatch, Outcome, Retired, Store
from workers import metrics

BATCH: Final = 256
"""Most events that are read at once."""

_log = structlog.get_logger(__name__)


class Policy(Enum):
    """What becomes of a partition after a failure."""

    RETRY = "retry"
    """Once more, from what is stored."""
    STOP = "stop"
    """It stays where it is until a person has looked at it."""


class Stopped(Struct, frozen=True):
    """Why a partition stopped: the event after `position` could not be taken in."""

    position: Position
    fault: str
    """The kind of fault: the class of the error, for an event that cannot be applied its type, or that the log is not
    the one that the views are of."""


class Failures:
    """Decides about failures: what passes is waited for, anything else gets a second chance at the same event.

    A log that lost what was read of it gets it, too. In a failover the stored cursor goes back with the log, so that
    the second try begins where both agree; where it begins at the same place and finds nothing there, the log is not
    the one that these views are of, and none of our waiting will change that.
    """

    def __init__(self) -> None:
        self._last: Position | None = None
        self._lost: Position | None = None

    def policy(self, error: Exception, at: Position) -> Policy:
        """What to do about `error`, which kept the event after `at` from being taken in."""
        if is_passing(error) or isinstance(error, Unavailable):
            return Policy.RETRY
        if isinstance(error, LostBranch):
            again, self._lost = self._lost == error.position, error.position
        else:
            again, self._last = self._last == at, at
        return Policy.STOP if again else Policy.RETRY


class Upkeep:
    """Keeps one partition. `stopped` says why its views get no further, where they do not."""

    def __init__(self, partition: int, log: Log, store: Store, *, most_rows: int = MOST_ROWS) -> None:
        self.partition = partition
        self.at: Position | None = None
        """The last event that the views have; None until that is known."""
        self.stopped: Stopped | None = None
        self._log = log
        self._store = store
        self._most_rows = most_rows
        self._projection: Projection | None = None
        self._seam: Position | None = None
        """Where the next commit has to end, because one that was cut half-way would have ended there or beyond."""
        self._failures = Failures()

    async def run(self, nonce: str) -> None:
        """Keep the views level until the lease with this nonce is somebody else's, or the partition stopped."""
        self.forget()
        pauses = delays(longest=2.0)
        while True:
            before = self.at
            try:
                await self._follow(nonce)
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, the policy answers it, and it is logged
                at = (self.at or START) if self._projection is None else self._projection.cursor
                if self._failures.policy(error, at) is Policy.STOP:
                    self._stop(error, at)
                    return
                if isinstance(error, LostBranch):
                    metrics.LOST_BRANCHES.inc()
                _log.warning("projection_retried", partition=self.partition, position=str(at), fault=_fault(error))
            finally:
                self._projection = self._seam = None
            if self.at != before:
                pauses = delays(longest=2.0)
            await anyio.sleep(next(pauses))

    async def _follow(self, nonce: str) -> None:
        """Follow the log from where the views are. Returns when the lease is lost."""
        while True:
            self._store = await self._store.served(self.partition)
            self.at = cursor = await self._store.cursor(self.partition)
            keys = self._store.keys[self.partition]
            projection = Projection(keys, self._store.generation, cursor, most_rows=self._most_rows)
            self._projection = projection
            async with aclosing(self._log.follow(self.partition, cursor, limit=BATCH)) as batches:  # type: ignore[type-var] # every follow is a generator
                async for entries in batches:
                    outcome = await self._take_in(projection, entries, nonce)
                    if isinstance(outcome, Fenced):
                        return
                    if not isinstance(outcome, Done):
                        break

    async def _take_in(self, projection: Projection, entries: list[Entry], nonce: str) -> Outcome:
        for entry in entries:
            recorded = decode(*entry)
            envelope = recorded.envelope
            if projection.misses(recorded):
                await self._load(projection, envelope.site, envelope.thread)
            if projection.apply(recorded).unknown:
                metrics.UNKNOWN_EVENTS.inc()
                _log.warning(
                    "unknown_event_passed", partition=self.partition, position=str(entry.position), type=envelope.type
                )
            if projection.full or recorded.position == self._seam:
                outcome = await self._commit(projection, nonce, entry)
                if not isinstance(outcome, Done):
                    return outcome
        return await self._commit(projection, nonce, entries[-1])

    async def _load(self, projection: Projection, site: str, thread: str) -> None:
        try:
            projection.hold(await self._store.thread(site, thread))
        except Torn as torn:
            # Its views are half those of a commit that never came to its end. The log knows what they were before,
            # and everything is written anew. One commit has to end where that one did: what it added to the views
            # of the site is known again there, and taken away by what follows.
            self._seam = torn.last if self._seam is None else max(self._seam, torn.last)
            _log.warning(
                "torn_commit_found", partition=self.partition, site=site, thread=thread, position=str(torn.last)
            )
            state = await thread_at(self._log, self._store, site, thread, projection.committed)
            projection.hold(state or Thread(site=site, id=thread), torn=True)

    async def _commit(self, projection: Projection, nonce: str, last: Entry) -> Outcome:
        commit = projection.take()
        if commit is None:
            return Done()
        # Whoever has to give the partition up finishes what is under way.
        with CancelScope(shield=True):
            outcome = await self._store.commit(self.partition, nonce, commit, last=last)
        match outcome:
            case Done():
                metrics.PROJECTION_COMMITS.labels("dup" if outcome.again else "ok").inc()
                metrics.PROJECTED_EVENTS.inc(commit.cursor.n - commit.expected.n)
                self.at = commit.cursor
                if self._seam is not None and self._seam <= commit.cursor:
                    self._seam = None
            case Mismatch():
                metrics.PROJECTION_COMMITS.labels("mismatch").inc()
                _log.warning(
                    "commit_mismatched",
                    partition=self.partition,
                    position=str(commit.expected),
                    cursor=str(outcome.cursor),
                )
            case Retired():
                metrics.PROJECTION_COMMITS.labels("retired").inc()
                _log.info("views_retired", partition=self.partition, generation=outcome.served.generation)
            case Fenced():
                metrics.PROJECTION_COMMITS.labels("fenced").inc()
                _log.warning("commit_fenced", partition=self.partition, position=str(commit.expected))
        return outcome

    def forget(self) -> None:
        """Forget how far it was and that it stopped: it is somebody else's to tell, or has to be found out again."""
        self.at = None
        if self.stopped is not None:
            self.stopped = None
            metrics.STOPPED_PARTITIONS.dec()

    def _stop(self, error: Exception, at: Position) -> None:
        fault = _fault(error)
        if isinstance(error, LostBranch):
            fault = f"OtherLog: the views have event {error.position}, their log has not: it is older, or another"
        self.stopped = Stopped(at, fault)
        metrics.STOPPED_PARTITIONS.inc()
        _log.critical("partition_stopped", partition=self.partition, position=str(at), fault=fault, exc_info=error)


def _fault(error: Exception) -> str:
    if isinstance(error, CannotApply):
        return f"{type(error).__name__}: {error.type} at {error.position}"
    if isinstance(error, LostBranch):
        return f"{type(error).__name__}: {error}"
    return str(error)[:80] if isinstance(error, RedisError) else type(error).__name__
