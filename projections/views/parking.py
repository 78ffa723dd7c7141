"""Threads whose projection stopped at an event that cannot be applied, while all others go on.

Such a thread is parked from that event on: its views stay as they were before it, and whatever comes after it is passed
over, until the thread is requeued (`projections.rebuild.requeue`): by an operator, or where the event is of a shape
that was not known, by the first projector that knows it. Which threads those are is kept beside the views, in each
generation, and written by the same commit as the cursor.
"""

from typing import Final

import msgspec
from msgspec import Struct

from core.events.envelope import Recorded
from core.events.types import UnknownEvent
from core.log.port import Log
from core.position import Position
from projections.thread.skip_rule import is_skipped

Name = tuple[str, str]
"""Site and thread."""


class Parked(Struct, frozen=True, kw_only=True):
    """Where a thread is parked, and why: without a word or a name of the event."""

    site: str
    thread: str
    position: Position
    """The event that cannot be applied."""
    type: str
    fault: str
    since: int
    """When it was parked, in milliseconds since 1970."""
    unknown: bool = False
    """The event is of a type, version or content scheme that the version which parked the thread does not know."""

    def __str__(self) -> str:
        return f"{self.type} at {self.position}: {self.fault}"


class Poison:
    """The events of one partition that could not be applied, as one who folds it found out."""

    def __init__(self) -> None:
        self.skipped: set[Position] = set()
        """Those that were skipped: they are passed over."""
        self.parked: dict[Position, Parked] = {}
        """Those that were not: their thread is parked when they come again."""

    async def ask(self, log: Log, recorded: Recorded) -> bool:
        """Whether an event that failed was skipped; it is passed over then, when it comes again."""
        if recorded.position in self.skipped or not await is_skipped(log, recorded):
            return False
        self.skipped.add(recorded.position)
        return True

    def park(self, recorded: Recorded, fault: str, now: int) -> None:
        """Park the thread of an event that failed, when it comes again."""
        self.parked[recorded.position] = parked(recorded, fault, now)

    def forget(self, upto: Position) -> list[Parked]:
        """Forget what was parked up to a position, which is stored now: should it come again, it is judged again."""
        done = [parked for position, parked in self.parked.items() if position <= upto]
        for parked in done:
            del self.parked[parked.position]
        return done


def parked(recorded: Recorded, fault: str, now: int) -> Parked:
    """The thread of an event, parked there."""
    envelope = recorded.envelope
    return Parked(
        site=envelope.site,
        thread=envelope.thread,
        position=recorded.position,
        type=envelope.type,
        fault=fault,
        since=now,
        unknown=isinstance(recorded.event, UnknownEvent),
    )


def field(site: str, thread: str) -> str:
    """The field of a thread among those that are parked."""
    return f"{site}/{thread}"


def encode(parked: Parked) -> bytes:
    """The value of that field."""
    return _ENCODER.encode(parked)


def decode(stored: bytes) -> Parked:
    """Where a thread is parked, by that value."""
    return _DECODER.decode(stored)


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Parked)
