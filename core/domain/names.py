"""Names of authors that look like those of others, or are reserved (RFC 8266, UTS #39)."""

from collections.abc import Container
from typing import Final

from msgspec import Struct

from core.events.facts import Likeness
from core.text.nickname import compared, looks

RESERVED: Final = ("admin", "administrator", "editor", "hansard", "mod", "moderation", "moderator", "staff", "system")
"""Names that are reserved on every site. So is the name of the site."""


class KnownNames(Struct, frozen=True, kw_only=True):
    """Others who were seen under a name that looks like the caller's, by id; None if there are none."""

    staff: str | None = None
    """Staff of the site."""
    member: str | None = None
    """A member who wrote in the thread."""


NO_NAMES: Final = KnownNames()


def likeness(
    name: str, *, own: str, known: KnownNames, site_name: str | None, reserved: Container[str]
) -> Likeness | None:
    """The likeness of the name of a caller with the id `own`; None if it is a name like any other.

    `reserved` are the looks of the names that the policy reserves.
    """
    is_allowed, look = compared(name)
    if not is_allowed:
        return "not-allowed"
    if look in _RESERVED or look in reserved or (site_name is not None and look == looks(site_name)):
        return "reserved"
    if known.staff not in (None, own):
        return "staff"
    return "member" if known.member not in (None, own) else None


_RESERVED: Final = frozenset(map(looks, RESERVED))
