"""Bringing of the facts of one thread, or of a site's members: many facts per append.

The facts are decided in order (`core.domain.importing`). A chunk of them is one append, which expects every head that
it depends on, so a chunk is in the log whole or not at all. What is there already is known, so an import that was cut
off is brought again from its first fact.
"""

from collections.abc import Iterable, Sequence
from typing import Final, assert_never

from msgspec import Struct

from core import heads
from core.application.aggregates import load_aggregates
from core.application.new_event import new_event
from core.domain import importing
from core.domain.import_fact import Fact
from core.domain.import_state import FactFault, FactRefused, ImportState, PositionWanted
from core.events.envelope import TODAY, Recorded, read, stamped
from core.log.port import Append, Appended, Conflict, HeadWanted, KeyReused, Load, Log, Repeated, Skew
from core.policy import Policy
from core.position import Position

CHUNK: Final = 64
"""Facts per append. One append holds up the other writers of a partition for as long as it takes."""


class FactLeftOut(Struct, frozen=True, kw_only=True):
    """A fact that was left out: which one, and why."""

    fact: Fact
    fault: FactFault
    why: str


class ConcurrentWrite(Exception):
    """Another append moved what the facts depend on: bring the thread again from its first fact."""


class FactImport:
    """Brings the facts of one thread, in order. A `thread` of "" has the facts about members.

    Raises Unavailable and ConcurrentWrite, after which the facts are brought again by another object; FormatTooOld.
    """

    def __init__(self, log: Log, *, site: str, thread: str, imported: str, policy: Policy, whole: bool = True) -> None:
        """`whole` says that the facts tell all of the thread, and not only what is to be changed of it."""
        self._log = log
        self._whole = whole
        self._state = ImportState(site=site, thread=thread, imported=imported, policy=policy)
        self._positions: dict[str, Position | None] = {}
        """Of every head that was loaded or appended to."""
        self._is_new = False
        """True if the thread had no event: it has no aggregate that is to be loaded."""
        self.brought = 0
        """Number of facts and of settled comments whose events were appended. All other facts are known or left out."""
        self._deciding = 0
        """Number of facts whose events are decided and not yet appended."""
        self.left_out: list[FactLeftOut] = []
        self.differing: set[str] = set()
        """Comments that people here changed, so that facts about them were not brought."""
        self.events = 0
        """Number of appended events."""
        self.last: Position | None = None
        """Position of the last appended event."""

    async def bring(self, facts: Sequence[Fact]) -> None:
        """Decide on the next facts, and append their events."""
        await self._load(facts)
        depends: set[str] = set()
        for fact in facts:
            depends |= {heads.THREAD, *importing.needs(fact)}
            try:
                await self._decide(fact, depends)
            except FactRefused as refused:
                self.left_out.append(FactLeftOut(fact=fact, fault=refused.fault, why=refused.why))
        await self._append(depends)

    async def settle(self) -> None:
        """Bring what comments that were there before have become, after the last fact."""
        state, depends = self._state, set[str]()
        alone = {} if state.alone is None else state.alone.comments
        others = state.posted_here | state.taken
        for name in [name for name in alone if name in state.before and name not in others]:
            depends.add(heads.comment(name))
            if importing.settle(name, state) == "brought":
                self._deciding += 1
            if len(state.made) >= CHUNK:
                await self._append(depends)
        await self._append(depends)
        self.differing = state.differing

    @property
    def published(self) -> int:
        """Number of the comments of the facts that readers see."""
        return sum(comment.published for comment in self._state.comments.values())

    async def _decide(self, fact: Fact, depends: set[str]) -> None:
        try:
            fate = importing.decide(fact, self._state)
        except PositionWanted:
            if not self._state.made:
                raise FactRefused("unknown-decision", "there is nothing yet that the fact is about") from None
            await self._append(depends)
            depends |= {heads.THREAD, *importing.needs(fact)}
            fate = importing.decide(fact, self._state)
        if fate == "brought":
            self._deciding += 1

    async def _load(self, facts: Iterable[Fact]) -> None:
        """Load the aggregates that the facts depend on, and the ancestors of the comments that they answer."""
        state, home = self._state, self._state.home
        first = not self._positions
        fields = {one for fact in facts for one in importing.needs(fact)}
        if first and home:
            await self._load_folded({heads.THREAD})
            self._is_new = self._positions[heads.THREAD] is None
        if first and self._whole and not self._is_new:
            state.alone = state.without_log()
        missing = fields - self._positions.keys()
        if self._is_new:
            self._positions.update(dict.fromkeys(missing))
            return
        folded = {one for one in missing if heads.kind(one) == heads.COMMENT}
        while folded:
            await self._load_folded(folded)
            above = (state.comments[heads.name(one)].parent for one in folded)
            folded = {heads.comment(name) for name in above if name is not None} - self._positions.keys()
        own = {one for one in missing if heads.kind(one) != heads.COMMENT}
        if own or not state.now:
            await self._load_own(own)
        if state.alone is not None:
            state.alone.now = state.now

    async def _load_folded(self, fields: set[str]) -> None:
        state = self._state
        loaded = await load_aggregates(self._log, state.site, state.home, folded=tuple(sorted(fields)))
        state.now = max(state.now, loaded.now)
        for one in fields:
            self._positions[one] = loaded.position(one)
            if one == heads.THREAD:
                state.thread = loaded.states[one]
            else:
                name, comment = heads.name(one), loaded.states[one]
                state.comments[name] = comment
                if comment.exists:
                    state.before.add(name)

    async def _load_own(self, fields: set[str]) -> None:
        state = self._state
        wanted = tuple(HeadWanted(one) for one in sorted(fields))
        loaded = await self._log.load(Load(site=state.site, thread=state.home, heads=wanted))
        state.now = max(state.now, loaded.now)
        for one in fields:
            head = loaded.heads.get(one)
            self._positions[one] = None if head is None else head.position
            for entry in loaded.events.get(one, ()):
                state.take(read(*entry))

    async def _append(self, depends: set[str]) -> None:
        """Append the decided events. Raises ConcurrentWrite."""
        state = self._state
        made = list(state.made)
        fields = depends | {heads.of(event, stamp.actor) for event, stamp in made}
        depends.clear()
        if not made:
            return
        append = Append(
            site=state.site,
            thread=state.home,
            expected={one: self._positions[one] for one in fields if one in self._positions},
            events=tuple(new_event(event, stamp, self._log.format, TODAY) for event, stamp in made),
            now=state.now,
        )
        match outcome := await self._log.append(append):
            case Appended(positions):
                recorded = [
                    Recorded(position, stamped(event, stamp, TODAY.version(event, self._log.format)), event)
                    for position, (event, stamp) in zip(positions, made, strict=True)
                ]
                state.appended(recorded)
                for one in recorded:
                    self._positions[heads.of(one.event, one.envelope.actor)] = one.position
                self.events += len(recorded)
                self.last = positions[-1]
                self.brought, self._deciding = self.brought + self._deciding, 0
            case Conflict() | Skew():
                raise ConcurrentWrite
            case Repeated() | KeyReused():
                raise AssertionError("an append without a key has no first answer")
            case _:
                assert_never(outcome)
