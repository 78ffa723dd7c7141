"""The feed, written: what an event says to those who follow its thread.

An entry of a partition's feed stream has the event's position as id and two fields: `t` is `<site>/<thread>`, `k` the
JSON of `[[kind, comment], …]` in the order to tell it. It names rows and holds no text. `projections.feedlog` reads it.
"""

from typing import Final, NamedTuple

import msgspec

from core.position import Position
from projections.folding.touched import Kinds

KEPT_MS: Final = 10 * 60 * 1000
"""How long an entry is kept at least, in milliseconds, unless there are too many."""
MOST: Final = 20_000
"""More entries than this are not kept in one partition."""


class Line(NamedTuple):
    """One entry, as it is written."""

    position: Position
    thread: bytes
    kinds: bytes


def line(position: Position, site: str, thread: str, kinds: Kinds) -> Line | None:
    """The entry of an event; None where readers notice nothing of it."""
    return Line(position, f"{site}/{thread}".encode(), _JSON.encode(kinds)) if kinds else None


_JSON: Final = msgspec.json.Encoder()
