"""The views of one partition, kept level with its log: read, fold, commit, for as long as the lease is ours.

What goes wrong is answered by a policy, a value: a server that is away is waited for; an event that cannot be applied
is tried again from what is stored, one commit an event, and then parks its thread, while all others go on; one of an
unknown shape parks it at once. Where that cannot be promised (the log has a hole, or an entry that cannot be told to be
of a thread, or cannot be read at all) the partition stops, says so loudly and stays where it is.
"""

import time
from contextlib import aclosing
from typing import Final

import anyio
import structlog
from anyio import CancelScope, Semaphore
from msgspec import Struct
from redis.exceptions import RedisError

from core.error_summary import fault
from core.events.envelope import Read, Recorded, read
from core.events.types import UnknownEvent
from core.log.port import Entry, Log, LogDiverged
from core.position import START, Position
from core.redis.errors import delays
from core.refusals import Unavailable, UnreadablePartition
from core.text.render import rendered
from projections.read.html_cache import ahead
from projections.thread.effects import CannotApply
from projections.thread.state import ThreadState
from projections.thread.time_travel import thread_at
from projections.views.layout import Html
from projections.views.parking import Poison
from projections.views.projection import Projection
from projections.views.store import Done, Fenced, Mismatch, Outcome, Retired, Store
from projections.views.stored_thread import Torn
from projections.views.thread_cache import ThreadCache
from workers.projector.failures import FailurePolicy, Failures, is_poison, told
from workers.runtime import metrics

BATCH: Final = 256
"""Most events that are read at once."""

SPACING: Final = 0.01
"""Seconds between two commits of a partition where events come fast: a commit of several costs little more than of one.

An event that comes alone is committed at once.
"""

_log = structlog.get_logger(__name__)


class StoppedPartition(Struct, frozen=True):
    """Why a partition stopped: the event after `position` could not be taken in."""

    position: Position
    fault: str
    """The kind of fault: the class of the error, for an event that cannot be applied its type, or that the log is not
    the one that the views are of."""

    def __str__(self) -> str:
        return f"after {self.position} ({self.fault})"


class PartitionProjector:
    """Keeps one partition. `stopped` says why its views get no further, where they do not.

    It takes events in, and commits them, only when it has one of `turns`, which it shares with others. `read` decodes
    the event shapes that this version knows.
    """

    def __init__(
        self,
        partition: int,
        log: Log,
        store: Store,
        turns: Semaphore,
        *,
        cache: ThreadCache | None = None,
        html: Html = rendered,
        read: Read = read,
    ) -> None:
        self.partition = partition
        self.at: Position | None = None
        """The last event that the views have; None until that is known."""
        self.stopped: StoppedPartition | None = None
        self._log = log
        self._store = store
        self._turns = turns
        self._cache = cache or ThreadCache()
        self._html = html
        self._read = read
        self._projection: Projection | None = None
        self._seam: Position | None = None
        """Where the next commit has to end, because one that was cut half-way would have ended there or beyond."""
        self._failures = Failures()
        self._poison = Poison()
        self._causes: dict[Position, Exception] = {}
        """What kept the events from being taken in whose threads are about to be parked."""
        self._suspect: Recorded | None = None
        """The event that is being taken in; None where whatever fails may be about others."""
        self._careful = START
        """Up to here one event makes a commit, because something failed on the way and it has to be known at what."""

    @property
    def parked_key(self) -> str:
        """The key of the threads that are parked in the views that it keeps."""
        return self._store.keys[self.partition].parked(self._store.generation)

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
                match self._failures.policy(error, at, self._suspect):
                    case FailurePolicy.STOP:
                        self.stop(error, at)
                        return
                    case FailurePolicy.PARK:
                        assert self._suspect is not None
                        self._park(error, self._suspect)
                        continue
                    case FailurePolicy.RETRY:
                        if not isinstance(error, RedisError | Unavailable):
                            self._careful = at if self._suspect is None else self._suspect.position
                if isinstance(error, LogDiverged):
                    metrics.LOST_BRANCHES.inc()
                _log.warning("projection_retried", partition=self.partition, position=str(at), fault=told(error))
            finally:
                self._forget_threads()
                self._projection = self._seam = self._suspect = None
            if self.at != before:
                pauses = delays(longest=2.0)
            await anyio.sleep(next(pauses))

    async def _follow(self, nonce: str) -> None:
        """Follow the log from where the views are. Returns when the lease is lost."""
        while True:
            self._store = await self._store.served(self.partition)
            self.at = cursor = await self._store.cursor(self.partition)
            keys = self._store.keys[self.partition]
            # After the pointer: a thread that was requeued since moved that on, and no commit fits any more.
            parked = await self._store.parked(self.partition)
            projection = Projection(
                keys,
                self._store.generation,
                cursor,
                parked=parked,
                poison=self._poison,
                html=self._html,
                cache=self._cache,
            )
            projection.version = self._store.versions.fold
            # After the cursor: a commit of another version since moved that on, and none of ours fits any more.
            projection.freezing = (await self._store.scope(self.partition)).fold
            self._forget_threads()
            self._projection = projection
            async with aclosing(self._log.follow(self.partition, cursor, limit=BATCH, spacing=SPACING)) as batches:  # type: ignore[type-var] # every follow is a generator
                async for entries in batches:
                    async with self._turns:
                        outcome = await self._take_in(projection, entries, nonce)
                    self._suspect = None
                    if isinstance(outcome, Fenced):
                        return
                    if not isinstance(outcome, Done):
                        break

    def _forget_threads(self) -> None:
        if self._projection is not None:
            self._projection.close()

    async def _take_in(self, projection: Projection, entries: list[Entry], nonce: str) -> Outcome | None:
        """Take in what came, and commit it; None where that has to begin again from what is stored."""
        for entry in entries:
            self._suspect = None
            self._suspect = recorded = self._read(*entry)
            try:
                if projection.misses(recorded):
                    await self._load(projection, recorded.envelope.site, recorded.envelope.thread)
                projection.apply(recorded)
                if isinstance(recorded.event, UnknownEvent) and not recorded.envelope.thread:
                    self._tell_unknown(recorded)
                if not self._is_due(projection, recorded):
                    continue
                outcome = await self._commit(projection, nonce, entry)
            except Exception as error:
                if not await self._was_skipped(error):
                    raise
                _log.info("skipped_event_passed", partition=self.partition, position=str(entry.position))
                return None
            if not isinstance(outcome, Done):
                return outcome
        self._suspect = None
        return await self._commit(projection, nonce, entries[-1])

    async def _was_skipped(self, error: Exception) -> bool:
        suspect = self._suspect
        return suspect is not None and is_poison(error, suspect) and await self._poison.ask(self._log, suspect)

    def _tell_unknown(self, recorded: Recorded) -> None:
        """Log that a site's own log has an event of an unknown shape. No view needs it; the site's writes wait."""
        metrics.UNKNOWN_EVENTS.inc()
        _log.warning(
            "unknown_site_event_found",
            partition=self.partition,
            site=recorded.envelope.site,
            position=str(recorded.position),
            type=recorded.envelope.type,
        )

    def _is_due(self, projection: Projection, recorded: Recorded) -> bool:
        """Whether a commit has to end at this event."""
        # Where a commit was cut half-way, those until there are left as they were: it is found by where it ended.
        careful = recorded.position <= self._careful and self._seam is None
        if not (careful or projection.full or recorded.position == self._seam):
            return False
        if not careful:
            self._suspect = None
        return True

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
            projection.hold(state or ThreadState(site=site, id=thread), torn=True)

    async def _commit(self, projection: Projection, nonce: str, last: Entry) -> Outcome:
        commit = projection.take(await ahead(projection.bodies(), self._html))
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
                self._tell_parked(commit.cursor)
                if self._careful <= commit.cursor:
                    self._careful = START
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
        self._poison, self._causes, self._careful = Poison(), {}, START
        if self.stopped is not None:
            self.stopped = None
            metrics.STOPPED_PARTITIONS.dec()

    def _park(self, error: Exception, suspect: Recorded) -> None:
        """Have the thread of an event parked from there on, by the commit that brings the views to it."""
        why = error.why if isinstance(error, CannotApply) else fault(error)
        self._poison.park(suspect, why, time.time_ns() // 1_000_000)
        self._causes[suspect.position] = error

    def _tell_parked(self, upto: Position) -> None:
        for parked in self._poison.forget(upto):
            if parked.unknown:
                metrics.UNKNOWN_EVENTS.inc()
            _log.error(
                "thread_parked",
                partition=self.partition,
                site=parked.site,
                thread=parked.thread,
                position=str(parked.position),
                type=parked.type,
                fault=parked.fault,
                exc_info=self._causes.pop(parked.position),
            )

    def stop(self, error: Exception, at: Position) -> None:
        """Stay where the views are, and say why."""
        if isinstance(error, RedisError | UnreadablePartition):
            self.at = None  # of what cannot be read, nobody can tell how far it is
        why = told(error)
        if isinstance(error, LogDiverged):
            why = f"OtherLog: the views have event {error.position}, their log has not: it is older, or another"
        self.stopped = StoppedPartition(at, why)
        metrics.STOPPED_PARTITIONS.inc()
        _log.critical("partition_stopped", partition=self.partition, position=str(at), fault=why, exc_info=error)
