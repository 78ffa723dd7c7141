"""Suspensions: a member may not write, for a time or permanently."""

from typing import Literal

from msgspec import Struct

from core.caller import Caller
from core.position import Position


class Suspension(Struct, frozen=True, kw_only=True):
    """A suspension until `until` (milliseconds since 1970); None: permanent."""

    until: int | None
    reason: str | None
    by_role: Literal["moderator", "admin"] = "moderator"
    """The role under which the suspension was set."""
    by: str | None = None
    """The member of staff who set it."""
    position: Position | None = None
    """Position of the event that set it."""

    def holds(self, caller: Caller) -> bool:
        """True if the suspension binds this caller."""
        return self.by_role == "admin" or not caller.is_admin
