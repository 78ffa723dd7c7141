"""The state of a thread that an import goes on from, and the fate of each fact.

The state is that of the log, and changes with every event that the facts make. A comment that was in the log before is
kept twice: as it is, and as its facts alone make it. A fact of such a comment is known if an import brought its event
before. Where the two differ in the end, the comment becomes what the facts say, unless people here changed
it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from core import heads
from core.caller import Actor
from core.domain import comment as comments
from core.domain import thread as threads
from core.domain import vote as votes
from core.domain.comment import UNPOSTED, Comment
from core.domain.import_comment_facts import DecidedFact, VoidedFact
from core.domain.import_fact import Fact
from core.domain.import_member_facts import ReinstatedFact, SuspendedFact
from core.domain.thread import Thread
from core.domain.vote import NO_VOTE, Vote
from core.events.envelope import Recorded, Stamp, stamped
from core.events.event import Event
from core.events.import_events import IMPORT
from core.policy import Policy
from core.position import Position

FactFault = Literal[
    "author-acted",
    "bad-id",
    "id-taken",
    "in-the-future",
    "no-author",
    "no-events-yet",
    "text-not-normalised",
    "text-too-long",
    "revision-not-next",
    "unfit-value",
    "unknown-anchor",
    "unknown-comment",
    "unknown-decision",
    "unknown-parent",
    "unknown-revision",
    "unknown-thread",
    "unknown-vote",
]
"""Reason why a fact is left out: a stable code."""

FactFate = Literal["brought", "known", "differs"]
"""Fate of a fact: its events are new, they were there before, or people here changed what it is about since."""

SYSTEM: Final = Actor(kind="system", id=IMPORT)
"""The actor of facts without a person."""

_OF_BATCHES: Final = (DecidedFact, VoidedFact, SuspendedFact, ReinstatedFact)

_UNWRITTEN: Final = 1 << 40
"""Least sequence number of events that are decided and not yet appended: they have no position yet."""


class FactRefused(Exception):
    """A fact states something impossible, and is left out. `fault` is a stable code; `why` has no word of the fact."""

    def __init__(self, fault: FactFault, why: str) -> None:
        super().__init__(f"{why} ({fault})")
        self.fault: FactFault = fault
        self.why = why


class PositionWanted(Exception):
    """The event of the fact names the position of one that is not appended yet: append first, and decide again."""


EventKey = tuple[type[Event], int]
"""Type of an event and the time of its occurrence, in milliseconds since 1970."""


class MadeEvent(NamedTuple):
    """An event that a fact makes, with the stamp that it is to be recorded with."""

    event: Event
    stamp: Stamp


class OwnAggregate(Struct, frozen=True, kw_only=True):
    """An aggregate of one person: a vote, reports of a comment; the standing, the notes or the appeal of a member."""

    brought: Mapping[EventKey, Position] = {}
    """Positions of the events that imports brought."""
    last: Mapping[type[Event], Position] = {}
    """Position of the last event of each type."""
    here: bool = False
    """True if the last event is of people here, and no import brought it."""
    vote: Vote = NO_VOTE

    def after(self, recorded: Recorded) -> "OwnAggregate":
        """The aggregate after one more event."""
        is_imported, kind = recorded.envelope.cause == IMPORT, type(recorded.event)
        more = {(kind, recorded.occurred_at): recorded.position} if is_imported else {}
        return OwnAggregate(
            brought={**self.brought, **more},
            last={**self.last, kind: recorded.position},
            here=not is_imported,
            vote=votes.evolve(self.vote, recorded),
        )


NO_EVENTS: Final = OwnAggregate()


class ImportState:
    """The aggregates of one thread, or of a site's members, as the facts of an import change them."""

    def __init__(self, *, site: str, thread: str, imported: str, policy: Policy) -> None:
        self.site = site
        self.home = thread
        self.imported = imported
        self.policy = policy
        self.now = 0
        """The server's time, in milliseconds since 1970."""
        self.thread = Thread()
        self.comments: dict[str, Comment] = {}
        """The comments as they are."""
        self.alone: ImportState | None = None
        """The state that the facts alone make, if something was in the log before."""
        self.texts: dict[str, tuple[str | None, str | None]] = {}
        """Body and original of the latest text that the facts have, where something was in the log before."""
        self.renumbered: dict[tuple[str, int], int] = {}
        """Revisions of the facts that have another number in the log."""
        self.before: set[str] = set()
        """Comments that were in the log before the first fact about them."""
        self.taken: set[str] = set()
        """Ids that another comment has."""
        self.posted_here: set[str] = set()
        """Comments that were exported from this site, and come back."""
        self.differing: set[str] = set()
        """Comments that people here changed so that facts about them are not brought."""
        self.own: dict[str, OwnAggregate] = {}
        """By head field: votes, reports and members."""
        self.made: list[MadeEvent] = []
        """The events that were decided and not yet appended."""
        self.is_appended = True
        """False if the state is of no log, so that no event has a position."""
        self._decided = 0
        self._before: dict[str, Thread | Comment | OwnAggregate] = {}

    def without_log(self) -> "ImportState":
        """Return the state of an empty thread. What the facts make of it is never appended."""
        empty = ImportState(site=self.site, thread=self.home, imported=self.imported, policy=self.policy)
        empty.now, empty.is_appended = self.now, False
        return empty

    @contextmanager
    def kept_if_wanted(self, events: Sequence[Event], stamp: Stamp) -> Iterator[None]:
        """Go on from the state after these events. It is as before if the block raises PositionWanted."""
        before = {field: self._aggregate(field) for field in (heads.of(event, stamp.actor) for event in events)}
        try:
            for event in events:
                self.add(event, stamp)
            yield
        except PositionWanted:
            for field, aggregate in before.items():
                self._put(field, aggregate)
            raise

    def comment(self, name: str) -> Comment:
        """Return the comment that a fact is about. Raises FactRefused."""
        found = self.comments.get(name, UNPOSTED)
        if not found.exists:
            raise FactRefused("unknown-comment", "there is no such comment in the thread")
        return found

    def written(self, position: Position | None) -> str:
        """Return the position of an event to be named by another one. Raises PositionWanted, FactRefused."""
        if position is None:
            raise FactRefused("unknown-decision", "there is nothing yet that the fact is about")
        if position.n >= _UNWRITTEN and self.is_appended:
            raise PositionWanted
        return str(position)

    def revision(self, comment: str, revision: int) -> int:
        """Return the number in the log of a revision that the facts name."""
        return self.renumbered.get((comment, revision), revision)

    @property
    def plain_stamp(self) -> Stamp:
        """The stamp of an event that says nothing of its own time, or of who acted."""
        return Stamp(actor=SYSTEM, site=self.site, thread=self.home, cause=IMPORT, batch=self.imported)

    def stamp(self, fact: Fact) -> Stamp:
        """Return the stamp of the events of a fact."""
        actor = SYSTEM if fact.by is None else Actor(kind=fact.by.kind, id=fact.by.id)
        # A decision has the batch that it had, so that its reversal finds it. All else has that of the import.
        batch: str | None = fact.batch if isinstance(fact, _OF_BATCHES) else self.imported
        return Stamp(actor=actor, site=self.site, thread=self.home, cause=IMPORT, batch=batch, at=fact.occurred_at)

    def add(self, event: Event, stamp: Stamp) -> None:
        """Let an event be appended, and go on from the state after it. Raises FactRefused if it does not follow."""
        recorded = Recorded(self._unwritten(), stamped(event, stamp), event)
        field = heads.of(event, stamp.actor)
        before = self._aggregate(field)
        self.take(recorded)
        if self.is_appended:
            self._before.setdefault(field, before)
            self.made.append(MadeEvent(event, stamp))

    def appended(self, recorded: Iterable[Recorded]) -> None:
        """Go on from the decided events as they were appended, with their positions."""
        for field, aggregate in self._before.items():
            self._put(field, aggregate)
        self._before.clear()
        self.made.clear()
        for one in recorded:
            self.take(one)
            self.now = max(self.now, one.position.ms)

    def take(self, recorded: Recorded) -> None:
        """Go on from the state after an event. Raises FactRefused if the event does not follow."""
        envelope = recorded.envelope
        field = heads.of(recorded.event, envelope.actor)
        aggregate = self._aggregate(field)
        if isinstance(aggregate, Thread):
            self._put(field, threads.evolve(aggregate, recorded))
        elif isinstance(aggregate, Comment):
            self._put(field, _evolved(aggregate, recorded))
        else:
            self._put(field, aggregate.after(recorded))

    def _aggregate(self, field: str) -> Thread | Comment | OwnAggregate:
        match heads.kind(field):
            case heads.THREAD:
                return self.thread
            case heads.COMMENT:
                return self.comments.get(heads.name(field), UNPOSTED)
            case _:
                return self.own.get(field, NO_EVENTS)

    def _put(self, field: str, aggregate: Thread | Comment | OwnAggregate) -> None:
        if isinstance(aggregate, Thread):
            self.thread = aggregate
        elif isinstance(aggregate, Comment):
            self.comments[heads.name(field)] = aggregate
        else:
            self.own[field] = aggregate

    def _unwritten(self) -> Position:
        """A position for an event that is not appended yet, after those of all others."""
        self._decided += 1
        return Position(self.now, _UNWRITTEN + self._decided)


def _evolved(comment: Comment, recorded: Recorded) -> Comment:
    try:
        return comments.evolve(comment, recorded)
    except (KeyError, ValueError) as error:
        raise FactRefused("unknown-decision", "the fact does not follow on those before it") from error
