"""What the load did, and what it was told: the record that the log and the views are held to."""

import time
from typing import Final, Literal

from msgspec import Struct, field

from core import ids
from core.position import Position
from tests.faults.people import SITE

Kind = Literal["post", "edit", "vote", "decide", "withdraw", "restore", "open"]

LEVELS: Final = ("memory", "replicated", "fsynced")
"""How sure an acknowledgement is, the least first."""
ANSWERED: Final = frozenset({200, 201})
UNCONFIRMED: Final = 202
TAKEN: Final = ANSWERED | {UNCONFIRMED}
REFUSED: Final = range(400, 500)


class Try(Struct, kw_only=True):
    """One request, and what came back. A status of 0 says that nothing did."""

    sent: float
    ended: float | None = None
    """When it was answered, or given up; None while it is under way."""
    status: int = 0
    position: Position | None = None
    level: str = ""
    problem: str = ""


class Deed(Struct, kw_only=True):
    """One command under one key, and every time that it was asked for."""

    key: str
    kind: Kind
    member: str
    method: str
    path: str
    thread: str
    comment: str = ""
    facts: dict[str, object] = field(default_factory=dict)
    """The body."""
    revision: int | None = None
    """What `If-Match` says."""
    tries: list[Try] = field(default_factory=list)

    @property
    def command_key(self) -> str:
        """What the log knows the key by."""
        return ids.command_key(SITE, self.member, self.method, self.path, self.key)

    def acknowledged(self, level: str) -> Try | None:
        """The last answer that promised this level; None where there was none."""
        promised = [one for one in self.tries if one.status in ANSWERED and sure(one.level, level)]
        return promised[-1] if promised else None

    @property
    def refused(self) -> bool:
        """Whether it must not be: a try was told so that began when no other was under way."""
        return any(
            one.status in REFUSED
            and all(other is one or (other.ended is not None and other.ended <= one.sent) for other in self.tries)
            for one in self.tries
        )

    def settled(self, level: str) -> bool:
        """Whether nothing is left to ask."""
        return self.refused or self.acknowledged(level) is not None


def sure(reached: str, wanted: str) -> bool:
    """Whether an acknowledgement at one level is as good as at another."""
    return reached in LEVELS and LEVELS.index(reached) >= LEVELS.index(wanted)


class Record:
    """Everything that was asked in one round."""

    def __init__(self, level: str) -> None:
        self.level = level
        self.deeds: list[Deed] = []
        self.acknowledged = 0
        """How many deeds were acknowledged at the level."""

    def begin(self, deed: Deed) -> Deed:
        """Take a deed into the record, before it is asked for."""
        self.deeds.append(deed)
        return deed

    def open(self) -> list[Deed]:
        """The deeds of which it is not known what became of them."""
        return [deed for deed in self.deeds if not deed.settled(self.level)]

    def back_after(self, moment: float, threads: frozenset[str]) -> float | None:
        """Seconds after a moment until each of these threads had a write taken that was sent after it.

        Taken is enough: where the only replica of a server is gone, nothing can be confirmed, however soon another
        serves. None where one of them never had. Times are those of `time.monotonic`.
        """
        first: dict[str, float] = {}
        for deed in self.deeds:
            for one in deed.tries if deed.thread in threads else ():
                if one.status in TAKEN and one.sent >= moment and one.ended is not None:
                    first[deed.thread] = min(one.ended, first.get(deed.thread, one.ended))
        return max(first.values()) - moment if first.keys() == threads else None


def now() -> float:
    """The clock of the record."""
    return time.monotonic()
