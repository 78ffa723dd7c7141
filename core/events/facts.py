"""Facts beyond a text by which rules judged it, as its event records them."""

from typing import Literal

from msgspec import Struct

Likeness = Literal["staff", "member", "reserved", "not-allowed"]
"""The likeness of a name: to that of staff or of another member, or to a reserved one; or it is no name by RFC 8266."""


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=False, gc=False):
    """Knowledge by which a text was judged. A field that no rule asked for is None.

    The defaults of fields are part of a storage format.
    """

    published: int | None = None
    """Texts of the author that were published at once, or approved."""
    last_at: int | None = None
    """Time of the author's last comment, in milliseconds since 1970; 0 if none is known."""
    rejected_at: int | None = None
    """Time of the last rejection of a text of the author by a moderator, likewise."""
    alike: int | None = None
    """Greatest share that the text has in common with one of the author's last 20, in percent."""
    name: Likeness | None = None
    """Likeness of the author's name."""
    trusted: Literal["staff", "rule", "token"] | None = None
    """By what the author was trusted, so that nothing but a rejecting rule held the text back."""
    lists: dict[str, str] | None = None
    """Word lists that were looked through, each with the position of its version."""


NO_FACTS = Facts()
