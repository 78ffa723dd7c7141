"""Rehearsal of a policy on past texts and reports: read from the log, and judged as each was, in bounded pieces."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from msgspec import Struct, field

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.aggregates import evolve
from core.domain.context import LoadedList
from core.domain.rehearsal import RehearsedText, rehearse
from core.domain.report_rehearsal import rehearse_report
from core.domain.thread import Thread
from core.events.comment_events import CommentEdited, CommentPosted
from core.events.envelope import Envelope, Recorded, read
from core.events.report_events import ReportFiled
from core.log.port import HeadWanted, Load, Log
from core.policy import Policy, PolicyChanges
from core.position import Position
from core.throttle import Pace
from core.times import rfc3339
from projections.audit import merge
from projections.audit.records import redacted
from projections.audit.rehearsed_reports import ReportReader

TEXTS: Final = 500
"""Texts and reports that one call judges."""
EXAMPLES: Final = 20
"""Examples of each kind that one call gives."""
_PAGES: Final = 4
"""Pages of the log that one call reads: `merge.BUDGET` entries each."""
_TYPES: Final = frozenset({"comment.posted", "comment.edited", "report.filed"})


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


class JudgedText(NamedTuple):
    """A text that is judged, and when."""

    thread: str
    comment: str
    revision: int
    at: int
    """In milliseconds since 1970."""
    author: str
    body: str


class Changed(Struct, kw_only=True):
    """The texts that would be held, or no longer: their number by rule, and the first ones."""

    texts: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)


class Rehearsal(Struct, kw_only=True):
    """The counts of a rehearsal so far."""

    judged: int = 0
    reports: int = 0
    """Reports by which a rule would have judged a comment, or did."""
    would_hold: Changed = field(default_factory=Changed)
    would_not_hold: Changed = field(default_factory=Changed)
    otherwise: int = 0
    """Texts that would be rejected instead of held, or held instead of rejected."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Texts of which a rule needs a fact that was not recorded, by rule."""

    def add(self, text: JudgedText, found: RehearsedText) -> None:
        """Count one judgement of a text."""
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
            changed.examples.append(_example(text, found, rule))


class Rehearser:
    """Judges texts of a site by a policy. `lists` are the word lists that its rules name.

    `begin` is that of the period, in milliseconds since 1970. `resumed` says that another one judged texts before.
    """

    def __init__(
        self,
        log: Log,
        site: str,
        policy: Policy,
        lists: Mapping[str, LoadedList],
        *,
        begin: int = 0,
        resumed: bool = False,
        site_name: str | None = None,
        cache: AggregateCache | None = None,
    ) -> None:
        self._log = log
        self._site = site
        self._policy = policy
        self._lists = lists
        self._site_name = site_name
        self._cache = cache
        self._reports = ReportReader(log, site, begin, resumed=resumed)
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
                    await self._judge(one, found, pace)
                if pace.due:
                    await pace.rest()
            most -= len(texts)
            if dry or most <= 0:
                break
        return places, dry

    def _is_text(self, envelope: Envelope) -> bool:
        return envelope.site == self._site and envelope.type in _TYPES

    async def _judge(self, recorded: Recorded, found: Rehearsal, pace: Pace) -> None:
        event, thread = recorded.event, recorded.envelope.thread
        policy = await self._policy_of(thread, recorded.position)
        if isinstance(event, CommentPosted | CommentEdited):
            judged = rehearse(recorded, policy, self._lists, self._site_name)
            if judged is not None:
                found.judged += 1
                found.add(_text_of(recorded, event, recorded.envelope.actor.id, recorded.occurred_at), judged)
        elif isinstance(event, ReportFiled) and recorded.envelope.cause is None:
            there = await self._reports.read(recorded, event, pace)
            text = None if there is None else there.text.event
            if there is not None and isinstance(text, CommentPosted | CommentEdited):
                judged = rehearse_report(recorded, event, policy, there.earlier, there.taken_down)
                found.reports += 1
                found.add(_text_of(there.text, text, there.author, recorded.occurred_at), judged)

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


def _text_of(recorded: Recorded, event: CommentPosted | CommentEdited, author: str, at: int) -> JudgedText:
    return JudgedText(recorded.envelope.thread, event.comment, event.revision, at, author, event.body or "")


def _example(text: JudgedText, found: RehearsedText, rule: str | None) -> Example:
    return Example(
        thread=text.thread,
        comment=text.comment,
        revision=text.revision,
        at=rfc3339(text.at),
        author=text.author,
        body=text.body,
        before=found.before,
        after=found.after,
        rule=rule,
        match=None if found.hold is None else found.hold.match,
        list=None if found.hold is None else found.hold.list,
    )
