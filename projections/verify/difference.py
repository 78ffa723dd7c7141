"""Differences between views and the fold of their log."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from core.position import Position
from projections.views.damage import Damage
from projections.views.parking import Name, Parked

__all__ = ["Content", "ContentFault", "Difference", "Name", "Superseded"]

Content = Mapping[str, bytes | int]


class ContentFault(Struct, frozen=True, kw_only=True):
    """A fault in the content of one entry of the log."""

    position: Position
    kind: Literal["altered", "words_lost"]
    """Content that does not match its commitment, or that is missing without an event that took it out."""
    type: str
    why: str


class Difference(Struct, frozen=True, kw_only=True):
    """A value that differs from the fold of the log. None, expected or found, means absent."""

    partition: int
    thread: str | None
    """`<site>/<thread>`; None if the difference is not about one thread."""
    key: str
    field: str | None
    """A field or a member; None for a whole key."""
    expected: bytes | int | None
    found: bytes | int | None
    parked: Parked | None = None
    """The parked record if the thread is parked, or cannot be folded further. Excludes all other values."""
    damage: Damage | None = None
    """The damage that prevents further verification of the partition. Excludes all other values."""
    content: ContentFault | None = None
    """The fault in the content of an entry of the log. Excludes all other values."""


class Superseded(Exception):
    """Another generation of views is served now: the data that was read may have been deleted meanwhile."""
