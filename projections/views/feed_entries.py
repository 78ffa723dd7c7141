"""The feed, written: what an event says to those who follow its thread.

An entry of a partition's feed stream has the event's position as id and two fields: `t` is `<site>/<thread>`, `k` the
JSON of `[[kind, comment], …]` in the order to tell it. It names rows and holds no text. `projections.read.feed` reads
it.
"""

from typing import Final

import msgspec

from core.position import Position
from projections.thread.effects import PublicChanges

KEPT_MS: Final = 10 * 60 * 1000
"""How long an entry is kept at least, in milliseconds, unless there are too many."""
MOST: Final = 20_000
"""More entries than this are not kept in one partition."""


def name(site: str, thread: str) -> bytes:
    """What entries call a thread."""
    return f"{site}/{thread}".encode()


def line(position: Position, thread: bytes, kinds: PublicChanges) -> bytes:
    """The entry of an event of which readers notice something, as a script takes it: `<id> <t> <k>`."""
    return b"%d-%d %b %b" % (position.ms, position.n, thread, _JSON.encode(kinds))


_JSON: Final = msgspec.json.Encoder()
