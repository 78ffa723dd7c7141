"""What differs between views and the fold of their log, and what the one who compares goes by."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from core.position import Position
from projections.thread.state import ThreadState
from projections.views.damage import Damage
from projections.views.parking import Name, Parked

__all__ = ["Content", "Difference", "ExpectedThread", "Name", "Superseded"]

Content = Mapping[str, bytes | int]


class Difference(Struct, frozen=True, kw_only=True):
    """Something that is not as the log says. None stands for what does not exist, or should not."""

    partition: int
    thread: str | None
    """`<site>/<thread>`; None where it is not about one thread."""
    key: str
    field: str | None
    """A field or a member; None for a whole key."""
    expected: bytes | int | None
    found: bytes | int | None
    parked: Parked | None = None
    """Where the thread is parked, or cannot be folded further. Nothing else is told then."""
    damage: Damage | None = None
    """What keeps the partition from being verified further. Nothing else is told then."""


class Superseded(Exception):
    """Another generation of views is served now: what was read may have been thrown away meanwhile."""


class ExpectedThread(Protocol):
    """The fold of one thread, and who can take it further."""

    @property
    def thread(self) -> ThreadState | None:
        """The thread as far as it was folded; None where it has no events."""

    async def at(self, cursor: Position) -> ThreadState | None:
        """The thread after exactly its events up to `cursor`."""
