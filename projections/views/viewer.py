"""Who looks, and so what there is to see."""

from typing import Final

from msgspec import Struct


class Viewer(Struct, frozen=True):
    """`member` is the caller's id, if there is a token; `staff` sees what is not public (moderators, auditors)."""

    member: str | None = None
    staff: bool = False


PUBLIC: Final = Viewer()
