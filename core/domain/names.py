"""Names of authors that look like those of others, or are reserved (RFC 8266, UTS #39)."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from core.events.facts import Likeness
from core.text.nickname import is_nickname, looks

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
    name: str, *, own: str, known: KnownNames, site_name: str | None, reserved: Iterable[str]
) -> Likeness | None:
    """The likeness of the name of a caller with the id `own`; None if it is a name like any other.

    `reserved` are the names that the policy reserves.
    """
    if not is_nickname(name):
        return "not-allowed"
    look = looks(name)
    others = (*reserved, *(() if site_name is None else (site_name,)))
    if look in _RESERVED or any(looks(one) == look for one in others):
        return "reserved"
    if known.staff not in (None, own):
        return "staff"
    return "member" if known.member not in (None, own) else None


_RESERVED: Final = frozenset(map(looks, RESERVED))
