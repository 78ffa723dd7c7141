"""Warnings: a member writes nothing until an open one is acknowledged."""

from msgspec import Struct

from core.position import Position


class OpenWarning(Struct, frozen=True, kw_only=True):
    """A warning that the member has not acknowledged."""

    position: Position
    reason: str | None
    code: str | None
    at: int
    """Time of the warning, in milliseconds since 1970."""
