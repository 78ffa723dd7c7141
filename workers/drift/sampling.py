"""Selection of threads to check: each in turn by a walk, busy ones often by random draws. Pure: no I/O.

A walk goes once through a partition's log, from a random event round to the same event, and checks each thread at its
first event. A walk keeps no state except its position, and finds a thread that no view has. Between these checks, an
event is drawn at random from all recorded events, and its thread is checked: the more events a thread has, the more
often it is checked. Walk and draws get equal time, so that a long thread drawn repeatedly does not delay the walk.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final, NamedTuple

from core.events.envelope import UnreadableEntry, envelope_of
from core.log.port import Entry
from core.position import START, Position

NEAR: Final = 256
"""Distance in events from which a search reads forward to the event."""

_FIRST: Final = b'"tp":""'

Name = tuple[str, str]


class Stretch(NamedTuple):
    """A range of a log: after one position, up to and including another."""

    after: Position
    upto: Position


def round_trip(begin: Position, last: Position) -> list[Stretch]:
    """Ranges of a walk: after `begin` to the end of the log, then from its start to `begin`."""
    return [stretch for stretch in (Stretch(begin, last), Stretch(START, begin)) if stretch.after < stretch.upto]


def thread_of(entry: Entry) -> Name | None:
    """The thread of an event. None for an event of the site itself, and for an entry that cannot be read."""
    try:
        envelope = envelope_of(*entry)
    except UnreadableEntry:
        return None  # the projector stops at this entry, and logs that
    return (envelope.site, envelope.thread) if envelope.thread else None


def begun(entries: Sequence[Entry]) -> list[Name]:
    """The threads whose first events are among these entries: a first event has no back pointer."""
    # Searching the bytes first leaves one event in a hundred to decode.
    firsts = (thread_of(entry) for entry in entries if _FIRST in entry.e[-80:])
    return [name for name in firsts if name is not None]


def drawn(dice: Random, lengths: Mapping[int, int]) -> int:
    """Draw a partition with a probability proportional to its events. At least one must have events."""
    numbers = list(lengths)
    return dice.choices(numbers, [lengths[number] for number in numbers])[0]


class Search:
    """Interpolation search by time for the event with a number: only positions can be read, and time grows with number.

    while not search.near: search.hear(the first event at or after search.ask())
    """

    def __init__(self, first: Position, last: Position, number: int) -> None:
        self.number = number
        self.low = first
        """An event at or before the target."""
        self._high = Position(last.ms + 1, last.n + 1)
        """Upper bound: events from this time on have at least this number, which is greater than the target."""
        self._asked = self._high
        self._halving = False

    @property
    def near(self) -> bool:
        """True if the target is among the next `NEAR` events after `low`, or was recorded in the same millisecond."""
        return self.number - self.low.n <= NEAR or self._high.ms - self.low.ms <= 1

    def ask(self) -> Position:
        """Next position to probe: the start of a millisecond between the two bounds."""
        low, high = self.low, self._high
        share = 0.5 if self._halving else (self.number - low.n) / (high.n - low.n)
        # Events come in bursts. So every other probe halves the time range, whatever the numbers say.
        self._halving = not self._halving
        self._asked = Position(low.ms + 1 + int((high.ms - low.ms - 1) * share), 0)
        return self._asked

    def hear(self, found: Position) -> None:
        """Narrow the bounds by the first event found at the last probe."""
        if found.n <= self.number:
            self.low = found
        else:
            self._high = Position(self._asked.ms, found.n)
