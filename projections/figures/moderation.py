"""Figures of moderation per day: a pure fold of the events that figures count.

An *item* is one decision on a text: of a moderator, or of a rule that held or rejected the text. Times to a decision
are those of moderators, from when the comment first waited or was reported. Medians and percentiles are exact: a
median is the middle value, or the mean of the two in the middle; the 95th percentile is the least value that 95 % of
all do not exceed. A day is one of the site's time zone.
"""

import math
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from statistics import median
from typing import Final

from msgspec import Struct, field

from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    DecisionReversed,
)
from core.events.event import tag_of
from core.events.statement_events import AppealDecided, AppealFiled
from core.events.vote_events import VoteRestored, VoteVoided
from projections.thread.figure_marks import IMPORTED, OVERTURNS
from projections.views.listings.figures import Figure

PERCENTILE: Final = 0.95


class Spread(Struct, frozen=True, kw_only=True):
    """Median and 95th percentile of some times, in seconds; null if there are none. `of` is their number."""

    median: float | None
    p95: float | None
    of: int


class Count(Struct, kw_only=True, gc=False):
    """Counts of one day, or of several."""

    items: int = 0
    automated: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str | None] = field(default_factory=Counter)
    """Items by the code of the reason; None for those that name none."""
    rules: Counter[str] = field(default_factory=Counter)
    """Items that rules decided, by rule."""
    moderators: Counter[str] = field(default_factory=Counter)
    """Items that moderators decided, by moderator."""
    waits: "array[int]" = field(default_factory=lambda: array("q"))
    """Times to a decision, in milliseconds."""
    appeals: Counter[str] = field(default_factory=Counter)
    """Appeals filed, upheld and reversed."""
    appeal_waits: "array[int]" = field(default_factory=lambda: array("q"))
    reversals: int = 0
    """Decisions that were undone, and those that overturned one before."""
    votes: Counter[str] = field(default_factory=Counter)
    """Votes voided and restored."""
    events: Counter[str] = field(default_factory=Counter)
    """Events by type: all that figures count."""

    def add(self, figure: Figure) -> None:
        """Count one event. One that this version does not know is counted by its type alone."""
        self.events[figure.kind] += 1
        counter = COUNTERS.get(figure.kind)
        if counter is not None:
            counter(self, figure)

    def join(self, other: "Count") -> None:
        """Add the counts of another time."""
        self.items += other.items
        self.automated += other.automated
        self.reversals += other.reversals
        for mine, theirs in (
            (self.verdicts, other.verdicts),
            (self.rules, other.rules),
            (self.moderators, other.moderators),
            (self.appeals, other.appeals),
            (self.votes, other.votes),
            (self.events, other.events),
        ):
            mine.update(theirs)
        self.reasons.update(other.reasons)
        self.waits.extend(other.waits)
        self.appeal_waits.extend(other.appeal_waits)


class ModerationCount:
    """Counts of the days from `begin` until `end`, in milliseconds since 1970, in a time zone."""

    def __init__(self, begin: int, end: int, zone: tzinfo) -> None:
        self.left_out = 0
        """Events of imports, which are counted nowhere."""
        self.days = days_between(begin, end, zone)
        self._begins = [one.begin for one in self.days]
        self.counts = [Count() for _ in self.days]

    def add(self, figures: Iterable[Figure]) -> None:
        """Count events of these days."""
        for figure in figures:
            if IMPORTED in figure.flags:
                self.left_out += 1
            else:
                self.counts[bisect_right(self._begins, figure.ms) - 1].add(figure)

    @property
    def total(self) -> Count:
        """The counts of all days together."""
        total = Count()
        for count in self.counts:
            total.join(count)
        return total


class Day(Struct, frozen=True, kw_only=True):
    """A day, or the part of it that is asked for."""

    name: str
    """The day as `2026-10-12`."""
    begin: int
    """In milliseconds since 1970."""


def days_between(begin: int, end: int, zone: tzinfo) -> list[Day]:
    """The days from `begin` until `end`. The first one may be cut; without a time between them, there is none."""
    days: list[Day] = []
    at = begin
    while at < end:
        today = datetime.fromtimestamp(at / 1000, zone).date()
        days.append(Day(name=today.isoformat(), begin=at))
        at = begin_of(today + timedelta(days=1), zone)
    return days


def begin_of(day: date, zone: tzinfo) -> int:
    """The beginning of a day in a zone, in milliseconds since 1970."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)


def spread_of(waits: "array[int]") -> Spread:
    """Median and 95th percentile of times in milliseconds."""
    if not waits:
        return Spread(median=None, p95=None, of=0)
    ordered = sorted(waits)
    p95 = ordered[math.ceil(PERCENTILE * len(ordered)) - 1]
    return Spread(median=median(ordered) / 1000, p95=p95 / 1000, of=len(ordered))


def _item(count: Count, figure: Figure) -> None:
    count.items += 1
    if figure.verdict is not None:
        count.verdicts[figure.verdict] += 1
    count.reasons[figure.code] += 1
    if figure.by is None:
        count.automated += 1
        count.rules[figure.rule or ""] += 1
        return
    count.moderators[figure.by] += 1
    if figure.since is not None:
        count.waits.append(figure.ms - figure.since)
    if OVERTURNS in figure.flags:
        count.reversals += 1


def _undone(count: Count, _: Figure) -> None:
    count.reversals += 1


def _appeal(count: Count, _: Figure) -> None:
    count.appeals["filed"] += 1


def _outcome(count: Count, figure: Figure) -> None:
    count.appeals["reversed" if figure.verdict == "reverse" else "upheld"] += 1
    if figure.since is not None:
        count.appeal_waits.append(figure.ms - figure.since)


def _voided(count: Count, _: Figure) -> None:
    count.votes["voided"] += 1


def _restored(count: Count, _: Figure) -> None:
    count.votes["restored"] += 1


COUNTERS: Final[Mapping[str, Callable[[Count, Figure], None]]] = {
    **{tag_of(event): _item for event in (CommentPosted, CommentEdited, CommentHeld, CommentApproved, CommentRejected)},
    tag_of(DecisionReversed): _undone,
    tag_of(AppealFiled): _appeal,
    tag_of(AppealDecided): _outcome,
    tag_of(VoteVoided): _voided,
    tag_of(VoteRestored): _restored,
}
"""The function that counts the events of a type. All others are counted in `events` alone."""
