"""The viewer of a page, which determines the visible content."""

from typing import Final

from msgspec import Struct


class Viewer(Struct, frozen=True):
    """Viewer of a page. `member` is the id from the token, if any; `staff` (moderators, auditors) see all rows."""

    member: str | None = None
    staff: bool = False


PUBLIC: Final = Viewer()
