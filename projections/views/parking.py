"""Parked threads: their projection stopped at an event that cannot be applied, while all other threads go on.

A thread is parked from that event on: its views keep the state before the event, and later events are passed over until
the thread is requeued (`projections.rebuild.requeue`). An operator requeues it, or, for an event of unknown shape, the
first projector that knows the shape. The parked threads are stored beside the views of each generation, by the same
commit as the cursor.
"""

from typing import Final

import msgspec
from msgspec import Struct

from core.events.envelope import Recorded
from core.events.skip_events import UnknownEvent
from core.log.port import Log
from core.position import Position
from projections.thread.skip_rule import learn

Name = tuple[str, str]
"""Site and thread."""


class Parked(Struct, frozen=True, kw_only=True):
    """Position and cause of a parked thread, without any text or name from the event."""

    site: str
    thread: str
    position: Position
    """The event that cannot be applied."""
    type: str
    fault: str
    since: int
    """Time of parking, in milliseconds since 1970."""
    unknown: bool = False
    """Set if the version that parked the thread does not know the event's type, version or content scheme."""

    def __str__(self) -> str:
        return f"{self.type} at {self.position}: {self.fault}"


class Poison:
    """The events of one partition that a fold could not apply."""

    def __init__(self) -> None:
        self.skipped: set[Position] = set()
        """Positions of the skipped events, which are passed over."""
        self.parked: dict[Position, Parked] = {}
        """Failed events that were not skipped: the next pass parks their threads."""

    async def ask(self, log: Log, recorded: Recorded) -> bool:
        """True if a failed event was found to be skipped just now; the next pass then passes over the event."""
        return await learn(log, self.skipped, recorded)

    def park(self, recorded: Recorded, fault: str, now: int) -> None:
        """Mark a failed event, so that the next pass parks its thread."""
        self.parked[recorded.position] = parked(recorded, fault, now)

    def forget(self, upto: Position) -> list[Parked]:
        """Drop the parked events up to a position and return them: these are stored, and re-evaluated if read again."""
        done = [parked for position, parked in self.parked.items() if position <= upto]
        for parked in done:
            del self.parked[parked.position]
        return done


def parked(recorded: Recorded, fault: str, now: int) -> Parked:
    """Build the `Parked` record of an event's thread."""
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
    """The field of a thread in the hash of parked threads."""
    return f"{site}/{thread}"


def encode(parked: Parked) -> bytes:
    """Encode the value of a thread's field."""
    return _ENCODER.encode(parked)


def decode(stored: bytes) -> Parked:
    """Decode the value of a thread's field."""
    return _DECODER.decode(stored)


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Parked)
