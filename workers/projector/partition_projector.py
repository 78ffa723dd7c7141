"""Projection of one partition: read, fold and commit, for as long as the lease is held.

A failure is handled by a policy, which is a value. An unavailable server is waited for. An event that cannot be applied
is retried from the stored views with one commit per event, and then parks its thread, while all other threads continue.
An event of an unknown shape parks its thread at once. If the fault is not limited to a thread (a hole in the log, or an
entry that cannot be assigned to a thread or not be read at all), the partition logs a critical error and stops.
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
from core.events.skip_events import UnknownEvent
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
from projections.views.stored_thread import PartialCommit
from projections.views.thread_cache import ThreadCache
from workers.projector.failures import FailurePolicy, Failures, failure_text, is_poison
from workers.runtime import metrics

BATCH: Final = 256
"""Maximum number of events per read."""

SPACING: Final = 0.01
"""Seconds between two commits of a partition under load: a commit of several events costs little more than of one.

A single event is committed at once.
"""

_log = structlog.get_logger(__name__)


class StoppedPartition(Struct, frozen=True):
    """The reason why a partition stopped: the event after `position` could not be applied."""

    position: Position
    fault: str
    """Kind of the fault.

    The class of the error, the type of an event that cannot be applied, or that the log is not the one that the views
    were made from.
    """

    def __str__(self) -> str:
        return f"after {self.position} ({self.fault})"


class PartitionProjector:
    """Projects one partition. `stopped` is the reason why its views cannot advance, if they cannot.

    The projector applies and commits events only while it holds one of `slots`, a semaphore shared with other
    partitions. `read` decodes the event shapes that this version knows.
    """

    def __init__(
        self,
        partition: int,
        log: Log,
        store: Store,
        slots: Semaphore,
        *,
        cache: ThreadCache | None = None,
        html: Html = rendered,
        read: Read = read,
    ) -> None:
        self.partition = partition
        self.at: Position | None = None
        """Position of the last event in the views. None until it is known."""
        self.stopped: StoppedPartition | None = None
        self._log = log
        self._store = store
        self._slots = slots
        self._cache = cache or ThreadCache()
        self._html = html
        self._read = read
        self._projection: Projection | None = None
        self._commit_boundary: Position | None = None
        """Position at which the next commit must end: an interrupted commit would have ended there or later."""
        self._failures = Failures()
        self._poison = Poison()
        self._causes: dict[Position, Exception] = {}
        """Errors of the events whose threads are about to be parked, by position."""
        self._suspect: Recorded | None = None
        """The event being applied. None while a failure may concern other events."""
        self._single_until = START
        """Up to this position each event gets its own commit, to identify the event at which something failed."""

    @property
    def parked_key(self) -> str:
        """Key of the parked threads of the projected generation."""
        return self._store.keys[self.partition].parked(self._store.generation)

    async def run(self, nonce: str) -> None:
        """Project until the lease with this nonce is lost, or the partition stops."""
        self.forget()
        pauses = delays(longest=2.0)
        while True:
            before = self.at
            try:
                await self._follow(nonce)
                return
            except Exception as error:  # noqa: BLE001 - the policy handles every error, and every error is logged
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
                            self._single_until = at if self._suspect is None else self._suspect.position
                if isinstance(error, LogDiverged):
                    metrics.LOST_BRANCHES.inc()
                _log.warning(
                    "projection_retried", partition=self.partition, position=str(at), fault=failure_text(error)
                )
            finally:
                self._forget_threads()
                self._projection = self._commit_boundary = self._suspect = None
            if self.at != before:
                pauses = delays(longest=2.0)
            await anyio.sleep(next(pauses))

    async def _follow(self, nonce: str) -> None:
        """Follow the log from the cursor of the views. Returns when the lease is lost."""
        while True:
            self._store = await self._store.served(self.partition)
            self.at = cursor = await self._store.cursor(self.partition)
            keys = self._store.keys[self.partition]
            # Read after the pointer: a requeue since then has changed the pointer, so that our commits are refused.
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
            # Read after the cursor: a commit of another version since then has moved the cursor, so that our commits
            # are refused.
            projection.freezing = (await self._store.scope(self.partition)).fold
            self._forget_threads()
            self._projection = projection
            # The ignored error: every `follow` is a generator, which its type does not say.
            async with aclosing(  # type: ignore[type-var]
                self._log.follow(self.partition, cursor, limit=BATCH, spacing=SPACING)
            ) as batches:
                async for entries in batches:
                    async with self._slots:
                        outcome = await self._apply_and_commit(projection, entries, nonce)
                    self._suspect = None
                    if isinstance(outcome, Fenced):
                        return
                    if not isinstance(outcome, Done):
                        break

    def _forget_threads(self) -> None:
        if self._projection is not None:
            self._projection.close()

    async def _apply_and_commit(self, projection: Projection, entries: list[Entry], nonce: str) -> Outcome | None:
        """Apply these entries and commit them. Returns None if the projection must restart from the stored views."""
        for entry in entries:
            self._suspect = None
            self._suspect = recorded = self._read(*entry)
            try:
                if projection.misses(recorded):
                    await self._load(projection, recorded.envelope.site, recorded.envelope.thread)
                projection.apply(recorded)
                if isinstance(recorded.event, UnknownEvent) and not recorded.envelope.thread:
                    self._log_unknown(recorded)
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

    def _log_unknown(self, recorded: Recorded) -> None:
        """Log that a site's own log has an event of an unknown shape. No view needs it. The site's writes wait."""
        metrics.UNKNOWN_EVENTS.inc()
        _log.warning(
            "unknown_site_event_found",
            partition=self.partition,
            site=recorded.envelope.site,
            position=str(recorded.position),
            type=recorded.envelope.type,
        )

    def _is_due(self, projection: Projection, recorded: Recorded) -> bool:
        """True if a commit has to end at this event."""
        # Up to the end of an interrupted commit, events get no commits of their own: the half-written views are
        # recognised by that end.
        careful = recorded.position <= self._single_until and self._commit_boundary is None
        if not (careful or projection.full or recorded.position == self._commit_boundary):
            return False
        if not careful:
            self._suspect = None
        return True

    async def _load(self, projection: Projection, site: str, thread: str) -> None:
        try:
            projection.hold(await self._store.thread(site, thread))
        except PartialCommit as partial_commit:
            # An interrupted commit has left the views half written. Their earlier state is folded from the log, and
            # everything is written again. One commit has to end where the interrupted one did: the members that
            # it added to the views of the site are known again only there, where later events remove them.
            last, boundary = partial_commit.last, self._commit_boundary
            self._commit_boundary = last if boundary is None else max(boundary, last)
            _log.warning(
                "torn_commit_found",
                partition=self.partition,
                site=site,
                thread=thread,
                position=str(last),
            )
            state = await thread_at(self._log, self._store, site, thread, projection.committed)
            projection.hold(state or ThreadState(site=site, id=thread), rewrite=True)

    async def _commit(self, projection: Projection, nonce: str, last: Entry) -> Outcome:
        commit = projection.take(await ahead(projection.bodies(), self._html))
        if commit is None:
            return Done()
        # A projector that has to release the partition finishes the commit in progress.
        with CancelScope(shield=True):
            outcome = await self._store.commit(self.partition, nonce, commit, last=last)
        match outcome:
            case Done():
                metrics.PROJECTION_COMMITS.labels("dup" if outcome.again else "ok").inc()
                metrics.PROJECTED_EVENTS.inc(commit.cursor.n - commit.expected.n)
                self.at = commit.cursor
                self._log_parked(commit.cursor)
                if self._single_until <= commit.cursor:
                    self._single_until = START
                if self._commit_boundary is not None and self._commit_boundary <= commit.cursor:
                    self._commit_boundary = None
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
        """Forget the position and the stop: another owner reports them now, or they have to be determined again."""
        self.at = None
        self._poison, self._causes, self._single_until = Poison(), {}, START
        if self.stopped is not None:
            self.stopped = None
            metrics.STOPPED_PARTITIONS.dec()

    def _park(self, error: Exception, suspect: Recorded) -> None:
        """Park the thread of an event: neither the event nor any later one of the thread is applied.

        The next commit of views past the event stores the parked record.
        """
        why = error.why if isinstance(error, CannotApply) else fault(error)
        self._poison.park(suspect, why, time.time_ns() // 1_000_000)
        self._causes[suspect.position] = error

    def _log_parked(self, upto: Position) -> None:
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
        """Stop at the current position of the views, and log the reason."""
        if isinstance(error, RedisError | UnreadablePartition):
            self.at = None  # the position of an unreadable partition is unknown
        why = failure_text(error)
        if isinstance(error, LogDiverged):
            why = (
                f"OtherLog: the views have event {error.position}, their log lacks it: the log is older, or another one"
            )
        self.stopped = StoppedPartition(at, why)
        metrics.STOPPED_PARTITIONS.inc()
        _log.critical("partition_stopped", partition=self.partition, position=str(at), fault=why, exc_info=error)
