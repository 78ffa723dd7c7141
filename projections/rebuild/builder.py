"""Builder of a new generation of one partition's views, beside the served generation.

Long stretches of the log are folded before anything is written. The writes are small parts, so that other clients of
the server are not delayed. After an interruption the views tell which threads are half written, and those are written
whole. The served views do not change until the flip, and are kept after it.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Final, TypeVar

from core.events.envelope import Read, Recorded, UnreadableEntry, read
from core.events.lost_content import LostContents
from core.log.port import Entry, Log
from core.position import START, Position
from core.redis.errors import retry
from core.refusals import Unavailable
from core.throttle import Pace
from projections.read.html_cache import ahead
from projections.thread.fold import CannotApply, Hole
from projections.thread.state import ThreadState
from projections.thread.thread_replay import ThreadReplay
from projections.views.changes import Change, Commit
from projections.views.layout import Html
from projections.views.parking import Name, Parked, Poison
from projections.views.projection import MOST_ARGUMENTS, Projection
from projections.views.store import Apart, Done, Outcome, Store
from projections.views.stored_thread import PartialCommit

READ: Final = 500
"""Maximum number of events per read, at full speed."""
LAST_STRETCH: Final = 256
"""Maximum number of events that the flip itself applies."""
MOST_FOLDED: Final = 200_000
"""Approximate number of arguments collected before a write: those of some ten thousand events."""
PART: Final = 1000
"""Maximum number of arguments per write, at full speed. Such a write blocks the server for a millisecond."""
TRIES: Final = 100
"""Maximum number of attempts to flip while the served views advance."""
PATIENCE: Final = 30.0
"""Seconds for which calls to an unavailable server are retried."""
_FRAME: Final = 3
"""Arguments that a change takes in addition to its own."""


_Answer = TypeVar("_Answer")


class Interrupted(Exception):
    """Raised if another process holds the lease, or the views have moved. Nothing was written since."""


class _Again(Exception):
    """An event could not be applied and is now marked as skipped or parked. Restart from the stored views."""


class Rebuilding:
    """Builds the views of `store` beside those of `served`, in one partition. The caller holds its lease.

    `read` decodes the event shapes that this version knows. Every method may raise `Interrupted`, `CannotApply`,
    `core.refusals.Unavailable`.
    """

    def __init__(
        self,
        log: Log,
        store: Store,
        served: Store,
        partition: int,
        nonce: str,
        *,
        html: Html,
        pace: Pace,
        read: Read = read,
    ) -> None:
        self.snapshots = False
        """Set if the build takes snapshots, because those of the served views are of another fold version."""
        self.new = False
        """Set if the build started without views: an unseen thread then has no stored views to load."""
        self.progressed: Callable[[int], None] = lambda _: None
        """Progress callback. Receives the number of events in the views."""
        self._log = log
        self._store = store
        self._served = served
        self._partition = partition
        self._nonce = nonce
        self._html = html
        self._pace = pace
        self._most = pace.at_once(READ)
        self._read = read
        self._projection: Projection | None = None
        self._began = START
        """Cursor of the views at the start of the build."""
        self._threads: set[Name] = set()
        """Every thread with an event after that cursor."""
        self._commit_boundary: Position | None = None
        """Position at which a commit must end: an interrupted commit would have ended there or later."""
        self._poison = Poison()
        self.lost = LostContents()
        """The missing content of all events in these views, once `threads` was called."""
        self.cut: Exception | None = None
        """The error at the flip that stopped the views from advancing past the served ones."""
        self._beyond_log: Position | None = None
        """Cursor of the served views, if the log has no such event."""

    async def level(self) -> None:
        """Apply the log up to the cursor of the served views, and no further."""
        while True:
            try:
                await self._level(await self._begun())
                return
            except _Again:
                self._projection = self._commit_boundary = None

    async def _level(self, projection: Projection) -> None:
        goal = await self._goal()
        while projection.cursor < goal:
            entries = await self._log.read(self._partition, projection.cursor, limit=self._most, upto=goal)
            if not entries:
                raise Interrupted("the log ended before where the served views are")
            for entry in entries:
                await self._take_in(projection, entry)
                if projection.cursor == self._commit_boundary:
                    await self._write(projection)
            if projection.full:
                await self._write(projection)
            self.progressed(projection.cursor.n)
            await self._pace.rest()
        await self._write(projection)

    async def parked(self) -> dict[Name, Parked]:
        """Threads parked in these views, and in the served ones not at all or only at a later event."""
        served = await self._retried(lambda: self._served.parked(self._partition))
        own = await self._retried(lambda: self._store.parked(self._partition))
        return {name: here for name, here in own.items() if name not in served or here.position < served[name].position}

    async def flip(self) -> Position:
        """Serve these views and return their cursor. The feed is sent the events that the served views lacked."""
        for _ in range(TRIES):
            await self.level()
            projection = await self._begun()
            projection.telling = projection.keeping = True
            try:
                await self._last_stretch(projection)
            except _Again:
                self._projection = None
                continue
            # At full speed: the served views advance meanwhile, and the flip requires that these have caught up.
            commit = projection.taken(await ahead(projection.bodies(), self._html))
            flip = partial(
                self._store.flip, self._partition, self._nonce, commit, self._served.generation, lost=self._beyond_log
            )
            outcome = await self._retried(flip)
            if not isinstance(outcome, Apart):
                _require(outcome)
                return commit.cursor
            if outcome.cursor < commit.cursor:
                raise Interrupted("the served views went back")
            projection.telling, projection.keeping = False, self.snapshots
            if commit.cursor != commit.expected:
                await self._commit(commit)
        raise Unavailable("the served views went on each time that others were to follow them")

    async def _last_stretch(self, projection: Projection) -> None:
        """Apply some of the events that the served views may receive just before the flip."""
        for entry in await self._log.read(self._partition, projection.cursor, limit=LAST_STRETCH):
            try:
                await self._take_in(projection, entry)
            except (UnreadableEntry, CannotApply) as error:
                self.cut = error
                return  # the served views cannot advance past it, either
            if projection.weight >= MOST_ARGUMENTS:
                return

    async def threads(self) -> list[Name]:
        """Return every thread in the log, up to the cursor of the views."""
        await self._begun()
        at = START
        while at < self._began:
            entries = await self._log.read(self._partition, at, limit=self._most, upto=self._began)
            if not entries:
                raise Interrupted("the log ended before where the views are")
            for entry in entries:
                self._note(self._read(*entry), entry.c)
            at = entries[-1].position
            await self._pace.rest()
        return sorted(self._threads)

    async def _begun(self) -> Projection:
        if self._projection is None:
            self._began = cursor = await self._retried(lambda: self._store.cursor(self._partition))
            parked = await self._retried(lambda: self._store.parked(self._partition))
            keys = self._store.keys[self._partition]
            self._projection = Projection(
                keys,
                self._store.generation,
                cursor,
                parked=parked,
                poison=self._poison,
                html=self._html,
                most_arguments=MOST_FOLDED,
            )
            self._projection.telling, self._projection.keeping = False, self.snapshots
            self._projection.version = self._store.versions.fold
        return self._projection

    async def _goal(self) -> Position:
        goal: Position = await self._retried(lambda: self._served.cursor(self._partition))
        self._beyond_log = None
        if goal != START and await self._log.entry(self._partition, goal) is None:
            # The server has another log, or an older one: the served views can never advance.
            self._beyond_log = goal
            return await self._log.last(self._partition)
        return goal

    async def _take_in(self, projection: Projection, entry: Entry) -> None:
        recorded = self._read(*entry)
        if projection.misses(recorded):
            await self._load(projection, recorded.envelope.site, recorded.envelope.thread)
        self._note(recorded, entry.c)
        try:
            projection.apply(recorded)
        except Hole:
            raise
        except CannotApply as error:
            if not recorded.envelope.thread:
                raise
            if not await self._poison.ask(self._log, recorded):
                self._poison.park(recorded, error.why, time.time_ns() // 1_000_000)
            raise _Again from error

    def _note(self, recorded: Recorded, c: bytes) -> None:
        self.lost.add(recorded.position, recorded.envelope, c)
        if recorded.envelope.thread:
            self._threads.add((recorded.envelope.site, recorded.envelope.thread))

    async def _load(self, projection: Projection, site: str, thread: str) -> None:
        if self.new and (site, thread) not in self._threads:
            projection.hold(ThreadState(site=site, id=thread))
            return
        try:
            projection.hold(await self._retried(lambda: self._store.thread(site, thread)))
        except PartialCommit as partial_commit:
            # The interrupted commit may have added members to the views of the site. They are known again only at its
            # end, where later events remove them: so one commit has to end there.
            last, boundary = partial_commit.last, self._commit_boundary
            self._commit_boundary = last if boundary is None else max(boundary, last)
            replay = ThreadReplay(self._log, site, thread, pace=self._pace)
            projection.hold(await replay.at(projection.committed), rewrite=True)

    async def _write(self, projection: Projection) -> None:
        commit = projection.take(await ahead(projection.bodies(), self._html, self._pace))
        if commit is not None:
            await self._commit(commit)

    async def _commit(self, commit: Commit) -> None:
        parts = list(_parts(commit.changes, self._pace.at_once(PART)))
        for part in parts[:-1]:
            _require(await self._retried(partial(self._store.spread, self._partition, self._nonce, commit, part)))
            await self._pace.rest()
        last = Commit(
            expected=commit.expected,
            cursor=commit.cursor,
            changes=parts[-1],
            feed=[],
        )
        _require(await self._retried(partial(self._store.commit, self._partition, self._nonce, last)))
        if self._commit_boundary is not None and self._commit_boundary <= commit.cursor:
            self._commit_boundary = None

    async def _retried(self, ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
        return await retry(ask, "rebuild", patience=PATIENCE)


def _require(outcome: Outcome | Apart) -> None:
    if not isinstance(outcome, Done):
        raise Interrupted(f"a commit was answered with {type(outcome).__name__.lower()}")


def _parts(changes: list[Change], most: int) -> Iterator[list[Change]]:
    """Split the changes, in order, into parts of about `most` arguments. Yields at least one part."""
    part: list[Change] = []
    room = most
    for change in changes:
        rest = change
        while len(rest.arguments) > room:
            cut = room - room % 2  # fields stay with their values
            if cut:
                part.append(rest._replace(arguments=rest.arguments[:cut]))
            rest = rest._replace(arguments=rest.arguments[cut:])
            yield part
            part, room = [], most
        part.append(rest)
        room = max(0, room - len(rest.arguments) - _FRAME)
    yield part


__all__ = ["CannotApply", "Interrupted", "Rebuilding"]
