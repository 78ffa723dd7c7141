"""Which threads to look at: every one in time by walking, the busy ones often by chance. Pure: who reads is elsewhere.

A walk goes once through a partition's log, from anywhere in it round to there again, and looks at each thread where
its first event stands. It needs to remember nothing but where it is, and finds a thread that no view knows of. In
between, any event of all that were recorded is drawn by chance, and its thread looked at: so a thread is seen the more
often the more happened in it. Both get the same time, so that a long thread drawn again and again holds up no walk.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final, NamedTuple

from core.events.envelope import UnreadableEntry, envelope_of
from core.log.port import Entry
from core.position import START, Position

NEAR: Final = 256
"""A search that is so close to an event reads up to it."""

_FIRST: Final = b'"tp":""'

Name = tuple[str, str]


class Stretch(NamedTuple):
    """A part of a log: what comes after one position, up to and with another."""

    after: Position
    upto: Position


def round_trip(begin: Position, last: Position) -> list[Stretch]:
    """A walk from after `begin` to the end of a log, and from its beginning round to there."""
    return [stretch for stretch in (Stretch(begin, last), Stretch(START, begin)) if stretch.after < stretch.upto]


def thread_of(entry: Entry) -> Name | None:
    """The thread that an event is of; None for those of the site itself, and for an entry that cannot be read."""
    try:
        envelope = envelope_of(*entry)
    except UnreadableEntry:
        return None  # whoever projects stops there, and says so
    return (envelope.site, envelope.thread) if envelope.thread else None


def begun(entries: Sequence[Entry]) -> list[Name]:
    """The threads whose first events are among these: those that tell of no event before."""
    # Whoever searches the bytes first decodes one event in a hundred.
    firsts = (thread_of(entry) for entry in entries if _FIRST in entry.e[-80:])
    return [name for name in firsts if name is not None]


def drawn(dice: Random, lengths: Mapping[int, int]) -> int:
    """A partition, the likelier the more events it has; some have any."""
    numbers = list(lengths)
    return dice.choices(numbers, [lengths[number] for number in numbers])[0]


class Search:
    """The way to the event with a number, where only positions can be read: time goes with numbers, so it is guessed.

    while not search.near: search.hear(the first event at or after search.ask())
    """

    def __init__(self, first: Position, last: Position, number: int) -> None:
        self.number = number
        self.low = first
        """An event at or before the one that is looked for."""
        self._high = Position(last.ms + 1, last.n + 1)
        """What happened from this time on has at least this number, which is beyond the one that is looked for."""
        self._asked = self._high
        self._halving = False

    @property
    def near(self) -> bool:
        """Whether the event is among the next `NEAR` after `low`, or was recorded in the same millisecond."""
        return self.number - self.low.n <= NEAR or self._high.ms - self.low.ms <= 1

    def ask(self) -> Position:
        """Where to look next: before whatever happened in some millisecond between what is known."""
        low, high = self.low, self._high
        share = 0.5 if self._halving else (self.number - low.n) / (high.n - low.n)
        # Events come in bursts. So every other guess halves the time, whatever the numbers say.
        self._halving = not self._halving
        self._asked = Position(low.ms + 1 + int((high.ms - low.ms - 1) * share), 0)
        return self._asked

    def hear(self, found: Position) -> None:
        """What was found there first."""
        if found.n <= self.number:
            self.low = found
        else:
            self._high = Position(self._asked.ms, found.n)
