"""The feed stream of a partition, read: which rows each event changed, as far back as it is kept."""

from typing import Any, Final, NamedTuple

import msgspec

from core.keys import Keys
from core.position import Position, kept
from core.redis.batch import Argument
from core.redis.calls import Calls
from core.redis.faults import insist

PATIENCE: Final = 1.0
"""Seconds within which a read that failed is tried again."""

_KINDS: Final = msgspec.json.Decoder(list[tuple[str, str | None]])


class FeedEntry(NamedTuple):
    """What one event changed on the page of its thread: `(kind, comment)`, in the order to tell it."""

    position: Position
    site: str
    thread: str
    kinds: list[tuple[str, str | None]]


class FeedEnds(NamedTuple):
    """How far a feed reaches: its newest entry, and the newest that was trimmed off its old end."""

    last: Position
    trimmed: Position


class FeedLog:
    """Reads the feed streams of a deployment. They carry no text: what was taken down cannot leak from them.

    Every call raises `core.refusals.Unavailable` where the server stays away.
    """

    def __init__(self, redis: Calls, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def ends(self, partition: int) -> FeedEnds:
        """The newest entry and the newest trimmed one; `START` where there is none."""
        keys = self._keys[partition]
        newest = await self._ask("XREVRANGE", keys.feed, "+", "-", "COUNT", 1)
        trimmed = await self._ask("GET", keys.feed_trimmed)
        gone = kept(trimmed)
        return FeedEnds(Position.decode(newest[0][0]) if newest else gone, gone)

    async def after(
        self, partition: int, position: Position, *, upto: Position | None = None, limit: int = 1000
    ) -> list[FeedEntry]:
        """Entries after `position`, up to and with `upto`, in order."""
        end = "+" if upto is None else str(upto)
        found = await self._ask("XRANGE", self._keys[partition].feed, f"({position}", end, "COUNT", limit)
        return [_entry(name, fields) for name, fields in found]

    async def _ask(self, *command: Argument) -> Any:
        return await insist(lambda: self._redis.call(*command), "read_feed", patience=PATIENCE)


def _entry(name: bytes, fields: list[bytes]) -> FeedEntry:
    values = dict(zip(fields[::2], fields[1::2], strict=True))
    site, _, thread = values[b"t"].decode().partition("/")
    return FeedEntry(Position.decode(name), site, thread, _KINDS.decode(values[b"k"]))
