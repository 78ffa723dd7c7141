"""In-memory projection of one partition, folded event by event into commits. Pure: the caller reads and writes.

for recorded in batch:            # dense: the caller checks `n`
    if projection.misses(recorded): projection.hold(await load(…))
    projection.apply(recorded)
    if projection.full: commit(projection.take(await ahead(projection.bodies(), html)))
"""

from collections.abc import Iterable, Iterator
from typing import Final

from core.events.envelope import Recorded
from core.events.import_events import IMPORT
from core.events.skip_events import UnreadableEvent
from core.keys import Partition
from core.position import Position
from core.text.render import rendered
from projections.thread import snapshots
from projections.thread.effects import NOTHING_PUBLIC
from projections.thread.fold import CannotApply, Effects, Hole
from projections.thread.skip_rule import take_in
from projections.thread.state import FOLD, ThreadState
from projections.views import feed_entries, parking
from projections.views.changes import Change, ChangeTracker, Commit
from projections.views.layout import Html
from projections.views.parking import Name, Parked, Poison
from projections.views.thread_cache import ThreadCache, size_of

MOST_ARGUMENTS: Final = 6500
"""Approximate maximum of arguments per commit; a larger single event still gets one commit."""


class Projection:
    """The projector's state of its partition. After any error, discard it and build a new one from the views.

    `parked` holds the threads parked in these views: their events are passed over. `poison` states for each event that
    failed before if the event is passed over too or parks its thread.
    """

    def __init__(
        self,
        keys: Partition,
        generation: int,
        cursor: Position,
        *,
        parked: Iterable[Name] = (),
        poison: Poison | None = None,
        html: Html = rendered,
        cache: ThreadCache | None = None,
        most_arguments: int = MOST_ARGUMENTS,
    ) -> None:
        self.cursor = cursor
        """Position of the last event applied, committed or not."""
        self.telling = True
        """Set if commits write feed entries: only those of served views do."""
        self.keeping = True
        """Set if commits maintain snapshots. For views built beside the served ones, snapshots are already taken."""
        self.freezing = True
        """Set if such commits also take new snapshots. If another fold version wrote into the views, a state read back
        from them is of neither version and must not enter a snapshot."""
        self.version = FOLD
        """Version of the fold in the names of snapshots."""
        self._committed = cursor
        self._keys = keys
        self._generation = generation
        self._html = html
        self._cache = cache or ThreadCache()
        self._most_arguments = most_arguments
        self._threads: dict[Name, ThreadState] = {}
        self._rewritten: set[Name] = set()
        self._trackers: dict[Name, ChangeTracker] = {}
        self._lines: list[bytes] = []
        self._weight = 0
        self._parked = set(parked)
        self._poison = poison or Poison()
        self._parking: dict[Name, Parked] = {}

    @property
    def committed(self) -> Position:
        """Position of the last event returned in a commit: the cursor of the views, unless a commit failed."""
        return self._committed

    def misses(self, recorded: Recorded) -> bool:
        """True if the thread of this event must be loaded with `hold` first."""
        name = (recorded.envelope.site, recorded.envelope.thread)
        return name[1] != "" and name not in self._threads and self._folds(name, recorded)

    def hold(self, thread: ThreadState, *, rewrite: bool = False) -> None:
        """Add the state of a thread at the cursor. With `rewrite`, the views of the thread are rewritten in full."""
        name = thread.site, thread.id
        self._threads[name] = thread
        self._cache.keep(self, name, size_of(thread))
        if rewrite:
            self._rewritten.add(name)

    def release(self, name: Name) -> bool:
        """Release a thread unless it has uncommitted changes. True if released."""
        if name in self._trackers:
            return False
        del self._threads[name]
        self._rewritten.discard(name)
        return True

    def close(self) -> None:
        """Release all threads before the projection is discarded."""
        for name in self._threads:
            self._cache.drop(self, name)
        self._threads = {}

    def apply(self, recorded: Recorded) -> Effects:
        """Apply the next event. Raises `CannotApply`."""
        position = recorded.position
        if position.n != self.cursor.n + 1:
            raise Hole(recorded, self.cursor)
        name = (recorded.envelope.site, recorded.envelope.thread)
        if name[1] != "" and self._folds(name, recorded):
            effects = self._fold(name, recorded)
        else:
            effects = self._pass(name, recorded)
        self.cursor = position
        return effects

    def _pass(self, name: Name, recorded: Recorded) -> Effects:
        """Pass over an event of a site or of a parked thread; park the thread if it is not parked yet.

        No view depends on events of a site. An unknown shape is therefore no reason to stop: a version that shows such
        events has another fold version and needs a rebuild anyway.
        """
        event = recorded.event
        if name[1] == "":
            if isinstance(event, UnreadableEvent):
                raise CannotApply(recorded, event.fault)
        elif name not in self._parked:
            # The thread's earlier changes are still in its change tracker and are committed with this.
            self._parked.add(name)
            self._threads.pop(name, None)
            self._cache.drop(self, name)
            self._parking[name] = self._poison.parked[recorded.position]
        return NOTHING_PUBLIC

    def _folds(self, name: Name, recorded: Recorded) -> bool:
        """True if this event of a thread is folded: the thread is not parked, and this event does not park it."""
        poison = self._poison.parked
        return not (name in self._parked or (poison and recorded.position in poison))

    def _fold(self, name: Name, recorded: Recorded) -> Effects:
        tracker = self._trackers.get(name) or self._begun(name)
        before = tracker.weight
        effects = take_in(tracker.thread, recorded, self._poison.skipped, tracker)
        self._weight += tracker.weight - before
        # An import and its corrections tell nothing: clients learn of them with the next page.
        if effects.public and self.telling and recorded.envelope.cause != IMPORT:
            self._lines.append(feed_entries.line(recorded.position, tracker.name, effects.public))
            self._weight += 1
        return effects

    def _begun(self, name: Name) -> ChangeTracker:
        """Start a change tracker for a thread without events since the last commit."""
        tracker = self._trackers[name] = ChangeTracker(self._threads[name], whole=name in self._rewritten)
        self._rewritten.discard(name)
        self._weight += tracker.weight
        return tracker

    @property
    def weight(self) -> int:
        """Estimated number of arguments of a commit now."""
        return self._weight

    @property
    def full(self) -> bool:
        """True if a commit is due."""
        return self._weight >= self._most_arguments

    def bodies(self) -> Iterator[str]:
        """The texts that the next commit renders."""
        for tracker in self._trackers.values():
            yield from tracker.bodies()

    def take(self, html: Html | None = None) -> Commit | None:
        """The commit of all events since the last one; None if there are none. `html` overrides the renderer."""
        return None if self.cursor == self._committed else self.taken(html)

    def taken(self, html: Html | None = None) -> Commit:
        """The commit of all events since the last one, possibly empty. `html` overrides the renderer."""
        html = html or self._html
        changes: list[Change] = []
        later: list[Change] = []
        for name, tracker in self._trackers.items():
            first, *others = tracker.changes(self._keys, self._generation, html)
            changes.append(first)
            later += others
            later += self._snapshot(tracker) if self.keeping else ()
            if name in self._threads:
                self._cache.use(self, name, tracker.growth)
        for name, parked in self._parking.items():
            key = self._keys.parked(self._generation)
            later.append(Change("HSET", key, [parking.field(*name), parking.encode(parked)]))
        commit = Commit(expected=self._committed, cursor=self.cursor, changes=changes + later, feed=self._lines)
        self._committed = self.cursor
        self._trackers, self._lines, self._parking = {}, [], {}
        self._weight = 0
        self._cache.fit()
        return commit

    def _snapshot(self, tracker: ChangeTracker) -> list[Change]:
        thread = tracker.thread
        key = self._keys.snapshots(thread.site, thread.id)
        redacted = len(thread.redacted) > tracker.redacted
        changes = [Change("DEL", key, [])] if redacted else []
        due = snapshots.due(tracker.events, thread.events) or (redacted and thread.events >= snapshots.FIRST)
        if due and self.freezing:
            changes.append(Change("HSET", key, [snapshots.field(thread, self.version), snapshots.pack(thread)]))
        return changes
