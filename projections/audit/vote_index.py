"""The index of the votes of a thread: the last event of each vote, with comment and voter. It holds no words."""

from array import array
from bisect import bisect_left
from collections.abc import Collection
from typing import Final

from core.throttle import Pace

_PER_VOTE: Final = 18
"""Bytes per event of a vote, room to grow included."""
_PER_NAME: Final = 200
"""Bytes per id."""

EXAMINED: Final = 50_000
"""Events of votes that one search examines."""
_STEP: Final = 4096
"""Events of votes that are examined without a rest."""


class _IdTable:
    """Ids by number, each once."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._numbers: dict[str, int] = {}

    def add(self, name: str) -> int:
        """The number of an id, which is added if it is new."""
        number = self._numbers.setdefault(name, len(self.all))
        if number == len(self.all):
            self.all.append(name)
        return number

    def number(self, name: str) -> int | None:
        return self._numbers.get(name)


class VoteIndex:
    """The events of votes in a thread, by the number of the event. A vote is listed by its last event."""

    def __init__(self) -> None:
        self._numbers, self._comments, self._voters = array("i"), array("i"), array("i")
        self._listed = bytearray()
        self._of_comments, self._of_voters = _IdTable(), _IdTable()

    @property
    def bytes(self) -> int:
        """Approximate memory."""
        return _PER_VOTE * len(self._numbers) + _PER_NAME * (len(self._of_comments.all) + len(self._of_voters.all))

    @property
    def voters(self) -> list[str]:
        """All members who ever voted in the thread."""
        return self._of_voters.all

    def take(self, number: int, comment: str, voter: str, before: int | None, *, listed: bool) -> None:
        """Add the next event of a vote. `before` is the number of the event before it of the same vote."""
        if before is not None:
            at = bisect_left(self._numbers, before)
            if at < len(self._numbers) and self._numbers[at] == before:
                self._listed[at] = False
        self._numbers.append(number)
        self._comments.append(self._of_comments.add(comment))
        self._voters.append(self._of_voters.add(voter))
        self._listed.append(listed)

    def find(
        self, end: int, limit: int, *, comment: str | None = None, voter: str | None = None
    ) -> tuple[list[int], int | None]:
        """At most `limit` votes before the event `end`, last first, and the number to go on before; None at the end.

        A search examines a bounded number of events: it may find less, and go on.
        """
        on, by = self._wanted(self._of_comments, comment), self._wanted(self._of_voters, voter)
        if on < 0 or by < 0:
            return [], None
        found: list[int] = []
        begin = bisect_left(self._numbers, end) - 1
        for at in range(begin, max(begin - EXAMINED, -1), -1):
            if not self._listed[at] or (on and self._comments[at] != on - 1) or (by and self._voters[at] != by - 1):
                continue
            if len(found) == limit:
                return found, found[-1]
            found.append(self._numbers[at])
        return found, self._numbers[begin - EXAMINED + 1] if begin >= EXAMINED else None

    async def voters_of(self, comments: Collection[str], pace: Pace) -> dict[str, list[str]]:
        """The voters with a vote on each of these comments, found at `pace`."""
        found: dict[str, list[str]] = {comment: [] for comment in comments}
        known = {number: comment for comment in found if (number := self._of_comments.number(comment)) is not None}
        total = len(self._listed)
        for start in range(0, total, _STEP):
            for at in range(start, min(start + _STEP, total)):
                if self._listed[at] and (comment := known.get(self._comments[at])) is not None:
                    found[comment].append(self._of_voters.all[self._voters[at]])
            if pace.due:
                await pace.rest()
        return found

    @staticmethod
    def _wanted(names: _IdTable, name: str | None) -> int:
        """The number of an id plus 1; 0 if any is wanted, -1 if there is no such id."""
        if name is None:
            return 0
        number = names.number(name)
        return -1 if number is None else number + 1
