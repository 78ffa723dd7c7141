"""A suspension: a member is kept from writing, for a time or for good."""

from typing import Literal

from msgspec import Struct

from core.caller import Caller


class Suspension(Struct, frozen=True, kw_only=True):
    """Kept from writing until `until` (milliseconds since 1970), None for good."""

    until: int | None
    reason: str | None
    by_role: Literal["moderator", "admin"] = "moderator"
    """The role by which it was set."""

    def holds(self, caller: Caller) -> bool:
        """Whether it keeps this caller from writing."""
        return self.by_role == "admin" or not caller.is_admin
