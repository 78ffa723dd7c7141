"""Rehearsal of a policy on the texts of a site: read from the log, and judged as each was, in bounded pieces."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, field

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.aggregates import evolve
from core.domain.context import LoadedList
from core.domain.rehearsal import RehearsedText, rehearse
from core.domain.thread import Thread
from core.events.comment_events import CommentEdited, CommentPosted
from core.events.envelope import Envelope, Recorded, read
from core.log.port import HeadWanted, Load, Log
from core.policy import Policy, PolicyChanges
from core.position import Position
from core.throttle import Pace
from core.times import rfc3339
from projections.audit import merge
from projections.audit.records import redacted

TEXTS: Final = 500
"""Texts that one call judges."""
EXAMPLES: Final = 20
"""Examples of each kind that one call gives."""
_PAGES: Final = 4
"""Pages of the log that one call reads: `merge.BUDGET` entries each."""
_TYPES: Final = frozenset({"comment.posted", "comment.edited"})


class Example(Struct, frozen=True, kw_only=True):
    """A text that another policy would judge otherwise."""

    thread: str
    comment: str
    revision: int
    at: str
    author: str
    body: str
    before: str
    after: str
    rule: str | None
    match: str | None
    list: str | None


class Changed(Struct, kw_only=True):
    """The texts that would be held, or no longer: their number by rule, and the first ones."""

    texts: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)


class Rehearsal(Struct, kw_only=True):
    """The counts of a rehearsal so far."""

    judged: int = 0
    would_hold: Changed = field(default_factory=Changed)
    would_not_hold: Changed = field(default_factory=Changed)
    otherwise: int = 0
    """Texts that would be rejected instead of held, or held instead of rejected."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Texts of which a rule needs a fact that was not recorded, by rule."""

    def add(self, recorded: Recorded, event: CommentPosted | CommentEdited, found: RehearsedText) -> None:
        """Count one text."""
        self.judged += 1
        self.unknown.update(found.unknown)
        if found.before == found.after:
            return
        if found.before == "published":
            changed, rule = self.would_hold, None if found.hold is None else found.hold.rule
        elif found.after == "published":
            changed, rule = self.would_not_hold, found.rule
        else:
            self.otherwise += 1
            return
        changed.texts += 1
        changed.rules[rule or ""] += 1
        if len(changed.examples) < EXAMPLES:
            changed.examples.append(_example(recorded, event, found, rule))


class Rehearser:
    """Judges texts of a site by a policy. `lists` are the word lists that its rules name."""

    def __init__(
        self,
        log: Log,
        site: str,
        policy: Policy,
        lists: Mapping[str, LoadedList],
        *,
        site_name: str | None = None,
        cache: AggregateCache | None = None,
    ) -> None:
        self._log = log
        self._site = site
        self._policy = policy
        self._lists = lists
        self._site_name = site_name
        self._cache = cache
        self._overrides: dict[str, list[tuple[Position, Policy]]] = {}

    async def go_on(
        self, found: Rehearsal, places: list[Position], end: Position | None, pace: Pace, *, most: int = TEXTS
    ) -> tuple[list[Position], bool]:
        """Judge the next texts after `places` into `found`. Return the places after them, and True if all were read."""
        dry = False
        for _ in range(_PAGES):
            numbered = dict(enumerate(places))
            page = await merge.merge(self._log, numbered, end=end, wanted=self._is_text, limit=most)
            places, dry = page.places, page.dry
            texts = [one.recorded for one in page.found if isinstance(one.recorded, Recorded)]
            gone = await redacted(self._log, texts, cache=self._cache)
            for one in texts:
                if one.revision not in gone.get(one.envelope.comment or "", ()):
                    await self._judge(one, found)
                if pace.due:
                    await pace.rest()
            most -= len(texts)
            if dry or most <= 0:
                break
        return places, dry

    def _is_text(self, envelope: Envelope) -> bool:
        return envelope.site == self._site and envelope.type in _TYPES

    async def _judge(self, recorded: Recorded, found: Rehearsal) -> None:
        event = recorded.event
        if isinstance(event, CommentPosted | CommentEdited):
            policy = await self._policy_of(recorded.envelope.thread, recorded.position)
            judged = rehearse(recorded, policy, self._lists, self._site_name)
            if judged is not None:
                found.add(recorded, event, judged)

    async def _policy_of(self, thread: str, at: Position) -> Policy:
        """The policy with the overrides that the thread had at a position."""
        if thread not in self._overrides:
            wanted = Load(site=self._site, thread=thread, heads=(HeadWanted(heads.THREAD),), reads=True)
            state: Any = Thread()
            self._overrides[thread] = kept = []
            last: PolicyChanges | None = None
            for entry in (await self._log.load(wanted)).events.get(heads.THREAD, []):
                recorded = read(*entry)
                state = evolve(heads.THREAD, state, recorded)
                if state.overrides is not last:
                    last = state.overrides
                    kept.append((recorded.position, self._policy.with_changes(state.overrides)))
        before = [policy for position, policy in self._overrides[thread] if position <= at]
        return before[-1] if before else self._policy


def _example(
    recorded: Recorded, event: CommentPosted | CommentEdited, found: RehearsedText, rule: str | None
) -> Example:
    return Example(
        thread=recorded.envelope.thread,
        comment=event.comment,
        revision=event.revision,
        at=rfc3339(recorded.occurred_at),
        author=recorded.envelope.actor.id,
        body=event.body or "",
        before=found.before,
        after=found.after,
        rule=rule,
        match=None if found.hold is None else found.hold.match,
        list=None if found.hold is None else found.hold.list,
    )
