"""Aggregates loaded for one decision.

A cached fold is identified by the position of its head, and folding resumes from it. Cached folds are hints only: the
head is always read, or compared by the append (`core.application.loading.load_from_cache`). If the loaded events do not
follow on the cached fold, they begin at the aggregate's first.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from core import heads
from core.application.aggregate_cache import AggregateCache, CachedAggregate
from core.domain import comment, member, site, suspension_appeal, thread, vote, word_lists
from core.domain.comment import Comment
from core.domain.member import Member
from core.domain.report import Report
from core.domain.site import Site
from core.domain.skip import Skip
from core.domain.suspension_appeal import SuspensionCase
from core.domain.thread import Thread
from core.domain.vote import Vote
from core.domain.word_lists import Lists
from core.events.envelope import Recorded, UnreadableEntry, read
from core.events.skip_events import UnknownEvent, UnreadableEvent
from core.log.port import (
    NO_HEAD,
    NOTHING_BESIDE,
    Answer,
    Beside,
    BrokenChain,
    Entry,
    FoundBeside,
    Head,
    HeadWanted,
    Load,
    LoadResult,
    Log,
)
from core.partitions import partition_of
from core.position import START, Position
from core.refusals import CannotFold, EventMissing

_DEPENDS: Final = "an event that this request depends on is missing"


class Aggregates(Struct, frozen=True, kw_only=True):
    """The result of a load. If `answer` is set, the command was executed before and nothing else was loaded."""

    now: int
    answer: Answer | None
    heads: Mapping[str, Head]
    states: Mapping[str, Any]
    beside: FoundBeside = NOTHING_BESIDE
    """Records and names found beside the log."""
    named: Recorded | None = None
    """The event of this thread that the command names; None if it names none or there is no such event."""

    def head(self, field: str) -> Head:
        """Return the head of an aggregate."""
        return self.heads.get(field, NO_HEAD)

    def position(self, field: str) -> Position | None:
        """Return the position of a head; None if there is no such aggregate."""
        return self.head(field).position

    def note(self, field: str) -> str:
        """Return the note of a head; "" if it has none."""
        return self.head(field).note

    @property
    def lists(self) -> Lists:
        """The word lists of the site, decoded from their head. Raises CannotFold for a note that cannot be read."""
        head = self.head(heads.LISTS)
        try:
            return word_lists.noted(head.note, head.position)
        except ValueError as error:
            assert head.position is not None
            raise CannotFold(f"the word lists at {head.position} cannot be read", head.position) from error

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

    def suspension_case(self, member: str) -> SuspensionCase:
        """The case of a member's suspension: whether they were told, and the appeal."""
        state = self.states[heads.appeal(member)]
        assert isinstance(state, SuspensionCase)
        return state

    def comment(self, comment: str) -> Comment:
        """A comment."""
        state = self.states[heads.comment(comment)]
        assert isinstance(state, Comment)
        return state

    def ancestors(self, parent: str) -> list[Comment]:
        """Return a comment and its ancestors upwards, as far as they were loaded."""
        line = [self.comment(parent)]
        while (above := line[-1].parent) is not None and heads.comment(above) in self.states:
            line.append(self.comment(above))
        return line

    def vote(self, comment: str, voter: str) -> Vote:
        """Return a vote, decoded from its head alone. Raises CannotFold for a note that this version cannot read."""
        head = self.head(heads.vote(comment, voter))
        try:
            return vote.noted(head.note, head.position)
        except ValueError as error:
            assert head.position is not None
            raise CannotFold(f"the vote at {head.position} cannot be read", head.position) from error

    def report(self, comment: str, reporter: str) -> Report:
        """Return a report, built from its head alone."""
        return Report(position=self.head(heads.report(comment, reporter)).position)

    def skip(self, position: str) -> Skip:
        """Skip of an event; its position is None if the event was not skipped."""
        return Skip(position=self.head(heads.skip(position)).position)

    def joined(self, other: "Aggregates") -> "Aggregates":
        """Merge with a later load, keeping the time and the answer of this one."""
        return Aggregates(
            now=self.now,
            answer=self.answer,
            heads={**self.heads, **other.heads},
            states={**self.states, **other.states},
            beside=self.beside,
            named=self.named,
        )


class AggregateQuery(Struct, frozen=True, kw_only=True):
    """Query of the log of a thread; thread "" is the log of the site.

    `folded` are the aggregates to fold from their events. Of those in `heads_only` only the heads are read.
    """

    site: str
    thread: str
    folded: tuple[str, ...]
    heads_only: tuple[str, ...] = ()
    key: str | None = None
    heads_first: bool = False
    """Set if `now` may be the server's plain clock, which can be before the last event of the log."""
    reads: bool = False
    """Set if no decision depends on the result."""
    beside: Beside | None = None
    """Wanted from beside the log."""


async def load_aggregates(
    log: Log,
    site: str,
    thread: str,
    *,
    folded: tuple[str, ...],
    heads_only: tuple[str, ...] = (),
    key: str | None = None,
    cache: AggregateCache | None = None,
    reads: bool = False,
) -> Aggregates:
    """Load the aggregates of one thread or site. Raises as `load_all_aggregates`."""
    wanted = AggregateQuery(site=site, thread=thread, folded=folded, heads_only=heads_only, key=key, reads=reads)
    (aggregates,) = await load_all_aggregates(log, wanted, cache=cache)
    return aggregates


async def load_all_aggregates(
    log: Log, *wanted: AggregateQuery, cache: AggregateCache | None = None
) -> list[Aggregates]:
    """Run several queries concurrently.

    Raises CannotFold for an event that was not skipped and that this version does not know (a newer one runs beside it)
    or cannot apply. Raises EventMissing, Unavailable.
    """
    cached = [_cached(query, cache) for query in wanted]
    aggregates = []
    try:
        loaded = await log.load_all(*(_load(query, folds) for query, folds in zip(wanted, cached, strict=True)))
    except BrokenChain as missing:
        raise EventMissing(f"{_DEPENDS}: {missing}", missing.position or START) from missing
    for query, result, folds in zip(wanted, loaded, cached, strict=True):
        try:
            aggregates.append(_aggregates_of(query, result, folds, cache))
        except CannotFold as bad:
            aggregates.append(await _passing(log, query, result, folds, cache, bad))
        except BrokenChain as missing:
            number = partition_of(query.site, query.thread, log.partitions)
            why = f"{_DEPENDS}: {missing} in partition {number}"
            raise EventMissing(why, missing.position or START) from missing
    return aggregates


async def _passing(
    log: Log,
    wanted: AggregateQuery,
    loaded: LoadResult,
    known: Mapping[str, CachedAggregate | None],
    cache: AggregateCache | None,
    bad: CannotFold,
) -> Aggregates:
    """Fold the loaded events, ignoring skipped events that cannot be applied. `bad` is the error of the first one."""
    skipped: frozenset[Position] = frozenset()
    while True:
        if bad.position in skipped or not await was_skipped(log, wanted.site, wanted.thread, bad.position):
            raise bad
        skipped |= {bad.position}
        try:
            return _aggregates_of(wanted, loaded, known, cache, skipped)
        except CannotFold as another:
            bad = another


async def was_skipped(log: Log, site: str, thread: str, position: Position) -> bool:
    """True if the operator skipped this event of the thread. Raises Unavailable."""
    field = heads.skip(str(position))
    loaded = await log.load(Load(site=site, thread=thread, heads=(HeadWanted(field, events=False),), reads=True))
    return loaded.heads[field].position is not None


def _cached(wanted: AggregateQuery, cache: AggregateCache | None) -> dict[str, CachedAggregate | None]:
    return {field: None if cache is None else cache.get(wanted.site, wanted.thread, field) for field in wanted.folded}


def _load(wanted: AggregateQuery, known: Mapping[str, CachedAggregate | None]) -> Load:
    heads_wanted = (
        *(HeadWanted(field, known=None if fold is None else fold.position) for field, fold in known.items()),
        *(HeadWanted(field, events=False) for field in wanted.heads_only),
    )
    return Load(
        site=wanted.site,
        thread=wanted.thread,
        heads=heads_wanted,
        key=wanted.key,
        heads_first=wanted.heads_first,
        reads=wanted.reads,
        beside=wanted.beside,
    )


def _aggregates_of(
    wanted: AggregateQuery,
    loaded: LoadResult,
    known: Mapping[str, CachedAggregate | None],
    cache: AggregateCache | None,
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
        if cache is not None and position is not None:
            cache.put(wanted.site, wanted.thread, field, CachedAggregate(position, state))
    return Aggregates(now=loaded.now, answer=None, heads=loaded.heads, states=states, beside=loaded.beside)


def blank(field: str) -> Any:
    """Return the aggregate of a head field before its first event."""
    return _aggregate(field)[0]


def evolve(field: str, state: Any, recorded: Recorded) -> Any:
    """Apply one more event to the aggregate of a head field. Raises CannotFold if it cannot be applied."""
    # A decision made without this event could allow what the event forbids.
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
    heads.COMMENT: (comment.UNPOSTED, comment.evolve),
    heads.APPEAL: (SuspensionCase(), suspension_appeal.evolve),
}
