"""Encoding of feed entries: the public changes of an event for the feed clients of its thread.

An entry of a partition's feed stream has the event's position as id and two fields: `t` is `<site>/<thread>`, `k` the
JSON of `[[kind, comment], …]` in the order of delivery. An entry names rows and holds no text. `projections.read.feed`
reads the entries.
"""

from typing import Final

import msgspec

from core.position import Position
from projections.thread.effects import PublicChanges

KEPT_MS: Final = 10 * 60 * 1000
"""Minimum retention of an entry in milliseconds, unless there are more than `MOST`."""
MOST: Final = 20_000
"""Maximum number of entries kept per partition."""


def name(site: str, thread: str) -> bytes:
    """Name of a thread in feed entries."""
    return f"{site}/{thread}".encode()


def line(position: Position, thread: bytes, kinds: PublicChanges) -> bytes:
    """The feed entry of an event with public changes, in the form the scripts take: `<id> <t> <k>`."""
    return b"%d-%d %b %b" % (position.ms, position.n, thread, _JSON.encode(kinds))


_JSON: Final = msgspec.json.Encoder()
