"""What a load shows, folded: the aggregates that a decision is made in view of.

A fold may be remembered by its head's position and is then taken up from there. Nothing remembered is believed: the
head is read every time, or compared by the append (`core.application.loading.load_from_cache`), and events that do not
follow on what is remembered begin at the aggregate's first.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from msgspec import Struct

from core import heads
from core.domain import comment, member, site, thread, vote
from core.domain.comment import Comment
from core.domain.member import Member
from core.domain.report import Report
from core.domain.site import Site
from core.domain.skip import Skip
from core.domain.thread import Thread
from core.domain.vote import Vote
from core.events.envelope import Recorded, UnreadableEntry, read
from core.events.types import UnknownEvent, UnreadableEvent
from core.log.port import NO_HEAD, Answer, BrokenChain, Entry, Head, HeadWanted, Load, Loaded, Log
from core.lru import Lru
from core.partitions import partition_of
from core.position import START, Position
from core.refusals import CannotFold, EventMissing

_Key = tuple[str, str, str]
_VOTES: Final = f"{heads.VOTE}:"
_DEPENDS: Final = "an event that this depends on is missing"


class CachedAggregate(NamedTuple):
    """An aggregate after its event at `position`."""

    position: Position
    state: Any


MOST_BYTES: Final = 16 * 1024 * 1024
"""Default: about ten thousand comments and as many votes."""


class AggregateCache:
    """The folds that were used last, by site, thread and head field, within a number of bytes: a quarter for votes.

    Of a vote the state is its note (`core.heads.note`).
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        # Apart, because there are many more votes than of all others, and most are never asked for again.
        self._votes = Lru[_Key, CachedAggregate](most_bytes // 4)
        self._others = Lru[_Key, CachedAggregate](most_bytes - most_bytes // 4)

    @property
    def bytes(self) -> int:
        """Bytes that are kept."""
        return self._votes.bytes + self._others.bytes

    def get(self, site: str, thread: str, field: str) -> CachedAggregate | None:
        """The fold remembered, which may be older than the log, or of a branch of it that was lost."""
        return self._of(field).get((site, thread, field))

    def put(self, site: str, thread: str, field: str, fold: CachedAggregate) -> None:
        """Remember a fold in place of what was remembered, and forget those longest unused."""
        self._of(field).put((site, thread, field), fold, size_of(fold))

    def _of(self, field: str) -> Lru[_Key, CachedAggregate]:
        return self._votes if field.startswith(_VOTES) else self._others


def size_of(fold: CachedAggregate) -> int:
    """About how many bytes of memory a fold takes, its key included."""
    match fold.state:
        case str():
            return 460
        case Comment(revisions=revisions):
            return 850 + 310 * len(revisions)
        case Thread(anchors=anchors):
            return 2000 + 600 * len(anchors)
        case _:
            return 2000


class Aggregates(Struct, frozen=True, kw_only=True):
    """The answer to a load. Where `answer` is given, the command was carried out before and nothing else is told."""

    now: int
    answer: Answer | None
    heads: Mapping[str, Head]
    states: Mapping[str, Any]
    named: Recorded | None = None
    """The event of this thread that the command names, where it names one and it is there."""

    def head(self, field: str) -> Head:
        """The head of an aggregate."""
        return self.heads.get(field, NO_HEAD)

    def position(self, field: str) -> Position | None:
        """The position of a head; None where there is no such aggregate."""
        return self.head(field).position

    @property
    def site(self) -> Site:
        """The site."""
        state = self.states[heads.SITE]
        assert isinstance(state, Site)
        return state

    @property
    def thread(self) -> Thread:
        """The thread."""
        state = self.states[heads.THREAD]
        assert isinstance(state, Thread)
        return state

    def member(self, member: str) -> Member:
        """A member's standing."""
        state = self.states[heads.member(member)]
        assert isinstance(state, Member)
        return state

    def comment(self, comment: str) -> Comment:
        """A comment."""
        state = self.states[heads.comment(comment)]
        assert isinstance(state, Comment)
        return state

    def ancestors(self, parent: str) -> list[Comment]:
        """A comment, then its ancestors upwards as far as they were loaded."""
        line = [self.comment(parent)]
        while (above := line[-1].parent) is not None and heads.comment(above) in self.states:
            line.append(self.comment(above))
        return line

    def vote(self, comment: str, voter: str) -> Vote:
        """A vote, which its head tells whole. Raises CannotFold for a head that this version cannot read."""
        head = self.head(heads.vote(comment, voter))
        try:
            return vote.noted(head.note, head.position)
        except ValueError as error:
            assert head.position is not None
            raise CannotFold(f"the vote at {head.position} cannot be read", head.position) from error

    def report(self, comment: str, reporter: str) -> Report:
        """A report, of which its head tells what matters."""
        return Report(position=self.head(heads.report(comment, reporter)).position)

    def skip(self, position: str) -> Skip:
        """Whether an event was skipped."""
        return Skip(position=self.head(heads.skip(position)).position)

    def joined(self, other: "Aggregates") -> "Aggregates":
        """What this one and a later one show together, with the time and the answer of this one."""
        return Aggregates(
            now=self.now,
            answer=self.answer,
            heads={**self.heads, **other.heads},
            states={**self.states, **other.states},
            named=self.named,
        )


class AggregateQuery(Struct, frozen=True, kw_only=True):
    """What to look at in the log of a thread, or with thread "" of the site: aggregates to fold, and heads alone."""

    site: str
    thread: str
    folded: tuple[str, ...]
    bare: tuple[str, ...] = ()
    key: str | None = None
    glance: bool = False
    """Whether the server's clock is time enough."""
    reads: bool = False
    """Whether nothing is decided with it."""


async def load_aggregates(
    log: Log,
    site: str,
    thread: str,
    *,
    folded: tuple[str, ...],
    bare: tuple[str, ...] = (),
    key: str | None = None,
    folds: AggregateCache | None = None,
    reads: bool = False,
) -> Aggregates:
    """What there is to see in one place. Raises as `load_all_aggregates`."""
    wanted = AggregateQuery(site=site, thread=thread, folded=folded, bare=bare, key=key, reads=reads)
    (aggregates,) = await load_all_aggregates(log, wanted, folds=folds)
    return aggregates


async def load_all_aggregates(
    log: Log, *wanted: AggregateQuery, folds: AggregateCache | None = None
) -> list[Aggregates]:
    """What there is to see in several places, asked at the same time.

    Raises CannotFold for an event that this version does not know (a newer one runs beside it) or cannot apply, and
    that was not skipped, EventMissing, Unavailable.
    """
    known = [_remembered(one, folds) for one in wanted]
    found = []
    try:
        loaded = await log.load_all(*(_load(one, there) for one, there in zip(wanted, known, strict=True)))
    except BrokenChain as missing:
        raise EventMissing(f"{_DEPENDS}: {missing}", missing.position or START) from missing
    for one, there, folded in zip(wanted, loaded, known, strict=True):
        try:
            found.append(_seen(one, there, folded, folds))
        except CannotFold as bad:
            found.append(await _passing(log, one, there, folded, folds, bad))
        except BrokenChain as missing:
            number = partition_of(one.site, one.thread, log.partitions)
            why = f"{_DEPENDS}: {missing} in partition {number}"
            raise EventMissing(why, missing.position or START) from missing
    return found


async def _passing(
    log: Log,
    wanted: AggregateQuery,
    loaded: Loaded,
    known: Mapping[str, CachedAggregate | None],
    folds: AggregateCache | None,
    bad: CannotFold,
) -> Aggregates:
    """The fold of the loaded events. Skipped events that cannot be applied are passed over; `bad` is the first one."""
    skipped: frozenset[Position] = frozenset()
    while True:
        if bad.position in skipped or not await was_skipped(log, wanted.site, wanted.thread, bad.position):
            raise bad
        skipped |= {bad.position}
        try:
            return _seen(wanted, loaded, known, folds, skipped)
        except CannotFold as another:
            bad = another


async def was_skipped(log: Log, site: str, thread: str, position: Position) -> bool:
    """Whether the operator has let this event of the thread be passed over. Raises Unavailable."""
    field = heads.skip(str(position))
    loaded = await log.load(Load(site=site, thread=thread, heads=(HeadWanted(field, events=False),), reads=True))
    return loaded.heads[field].position is not None


def _remembered(wanted: AggregateQuery, folds: AggregateCache | None) -> dict[str, CachedAggregate | None]:
    return {field: None if folds is None else folds.get(wanted.site, wanted.thread, field) for field in wanted.folded}


def _load(wanted: AggregateQuery, known: Mapping[str, CachedAggregate | None]) -> Load:
    heads_wanted = (
        *(HeadWanted(field, known=None if fold is None else fold.position) for field, fold in known.items()),
        *(HeadWanted(field, events=False) for field in wanted.bare),
    )
    return Load(
        site=wanted.site,
        thread=wanted.thread,
        heads=heads_wanted,
        key=wanted.key,
        glance=wanted.glance,
        reads=wanted.reads,
    )


def _seen(
    wanted: AggregateQuery,
    loaded: Loaded,
    known: Mapping[str, CachedAggregate | None],
    folds: AggregateCache | None,
    skipped: frozenset[Position] = frozenset(),
) -> Aggregates:
    if loaded.answer is not None:
        return Aggregates(now=loaded.now, answer=loaded.answer, heads={}, states={})
    states = {}
    for field in wanted.folded:
        position = loaded.heads.get(field, NO_HEAD).position
        fold = known[field]
        if fold is not None and fold.position == position:
            states[field] = fold.state
            continue
        states[field] = state = _folded(field, position, loaded.events.get(field, []), fold, skipped)
        if folds is not None and position is not None:
            folds.put(wanted.site, wanted.thread, field, CachedAggregate(position, state))
    return Aggregates(now=loaded.now, answer=None, heads=loaded.heads, states=states)


def blank(field: str) -> Any:
    """The aggregate of a head field before its first event."""
    return _aggregate(field)[0]


def evolve(field: str, state: Any, recorded: Recorded) -> Any:
    """The aggregate of a head field after one more of its events. Raises CannotFold for one that cannot be applied."""
    # Deciding in view of half of what happened could let through what the other half forbids.
    if isinstance(recorded.event, UnknownEvent):
        why = f"{recorded.event.name} at {recorded.position}: {recorded.event.fault}"
        raise CannotFold(why, recorded.position, recorded.event.fault)
    if isinstance(recorded.event, UnreadableEvent):
        raise CannotFold(f"{recorded.envelope.type} at {recorded.position} cannot be read", recorded.position)
    try:
        return _aggregate(field)[1](state, recorded)
    except Exception as error:
        why = f"{recorded.envelope.type} at {recorded.position} cannot be applied"
        raise CannotFold(why, recorded.position) from error


def _folded(
    field: str,
    position: Position | None,
    entries: list[Entry],
    known: CachedAggregate | None,
    skipped: frozenset[Position] = frozenset(),
) -> Any:
    if position is None:
        return blank(field)
    state, at = blank(field), ""
    for number, entry in enumerate(entries):
        try:
            recorded = read(*entry)
        except UnreadableEntry as error:
            raise CannotFold(str(error), entry.position) from error
        before = recorded.envelope.ap
        if number == 0 and known is not None and before == str(known.position):
            state, at = known.state, before
        if before != at:
            raise BrokenChain(f"the event before {entry.position} of {field} is missing", entry.position)
        if entry.position not in skipped:
            state = evolve(field, state, recorded)
        at = str(entry.position)
    if at != str(position):
        raise BrokenChain(f"the events of {field} end at {at or 'nothing'}, its head is {position}", position)
    return state


def _aggregate(field: str) -> tuple[Any, Callable[[Any, Recorded], Any]]:
    return _AGGREGATES[heads.kind(field)]


_AGGREGATES: Final[Mapping[str, tuple[Any, Callable[[Any, Recorded], Any]]]] = {
    heads.SITE: (Site(), site.evolve),
    heads.THREAD: (Thread(), thread.evolve),
    heads.MEMBER: (Member(), member.evolve),
    heads.COMMENT: (Comment(), comment.evolve),
}
