"""Reads of a partition's feed stream: the rows that each event changed, as far back as the stream is kept."""

from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec

from core.keys import Keys
from core.log.divergence import digest
from core.log.port import LogDiverged
from core.position import Position, kept
from core.redis.command import Argument, RedisCommand
from core.redis.errors import retry
from core.redis.router import Router
from projections.views.pointer import Pointer

PATIENCE: Final = 1.0
"""Seconds within which a failed read is retried."""
SCANNED: Final = 1000
"""Entries per read when searching for the entries of one thread."""

_KINDS: Final = msgspec.json.Decoder(list[tuple[str, str | None]])


class FeedEntry(NamedTuple):
    """The changes of one event on the page of its thread: `(kind, comment)` pairs in delivery order."""

    position: Position
    site: str
    thread: str
    kinds: list[tuple[str, str | None]]


Named = dict[tuple[str, str], dict[str, None]]
"""Comments by (site, thread), deduplicated and in order."""


def named(messages: Iterable[bytes]) -> Named:
    """Parse the feed entries announced in commit messages (see commit.lua). Messages that do not parse are skipped."""
    found: Named = {}
    for message in messages:
        lines = message.split(b"\n")
        with suppress(ValueError, msgspec.MsgspecError):
            for name, kinds in zip(lines[::2], lines[1::2], strict=True):
                site, _, thread = name.decode().partition("/")
                comments = {comment: None for _, comment in _KINDS.decode(kinds) if comment is not None}
                found.setdefault((site, thread), {}).update(comments)
    return found


class FeedMark(NamedTuple):
    """The state of a feed follower: the last entry processed, and the views served then."""

    position: Position
    digest: bytes | None
    """Short hash of the entry; None if the feed no longer had the entry, or never had one."""
    pointer: Pointer


class Exchanged(Exception):
    """The served views, of a partition or of one thread, are not those that the follower knows."""


class Trimmed(Exception):
    """Entries of the requested range are gone from the feed."""


class FeedLog:
    """Reads the feed streams of a deployment. Entries carry no text, so content that was taken down cannot leak.

    Every method raises `core.refusals.Unavailable` if the server stays unreachable.
    """

    def __init__(self, redis: Router, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def trimmed(self, partition: int) -> Position:
        """The newest entry trimmed from the feed; `START` if there is none."""
        return kept(await self._ask("GET", self._keys[partition].feed_trimmed))

    async def has(self, partition: int, position: Position) -> bool:
        """True if the feed has an entry at this position: an event visible to the readers of a thread."""
        return bool(await self._ask("XRANGE", self._keys[partition].feed, str(position), str(position)))

    async def end(self, partition: int) -> FeedMark:
        """The start mark of a follower: the newest entry, or the newest trimmed entry if the feed is empty."""
        keys = self._keys[partition]
        # Read the pointer first: if it moves in between, the next read detects the change.
        served, newest, trimmed = await self._ask_all(
            ("GET", keys.generation),
            ("XREVRANGE", keys.feed, "+", "-", "COUNT", 1),
            ("GET", keys.feed_trimmed),
        )
        pointer = Pointer.read(served)
        if not newest:
            return FeedMark(kept(trimmed), None, pointer)
        ((name, fields),) = newest
        return FeedMark(Position.decode(name), digest(fields), pointer)

    async def beyond(self, partition: int, mark: FeedMark, *, limit: int) -> tuple[list[FeedEntry], FeedMark]:
        """At most `limit` entries after a mark, and the mark of the last of them.

        Continuity is proven: the marked entry is read along, and must be unchanged. If the entry is gone, it must be
        the newest trimmed one. Raises `LogDiverged` if neither holds, and `Exchanged` if other views are served than at
        the mark.
        """
        keys = self._keys[partition]
        # Read the trim mark last: it is then valid for the entries read before it.
        found, served, trimmed = await self._ask_all(
            ("XRANGE", keys.feed, str(mark.position), "+", "COUNT", limit + 1),
            ("GET", keys.generation),
            ("GET", keys.feed_trimmed),
        )
        if Pointer.read(served) != mark.pointer:
            raise Exchanged
        if found and Position.decode(found[0][0]) == mark.position:
            if mark.digest not in (None, digest(found[0][1])):
                raise LogDiverged(partition, mark.position)
            found = found[1:]
        elif kept(trimmed) != mark.position:
            raise LogDiverged(partition, mark.position)
        entries = [_entry(name, fields) for name, fields in found[:limit]]
        if not entries:
            return [], mark
        return entries, mark._replace(position=entries[-1].position, digest=digest(found[len(entries) - 1][1]))

    async def of_thread(
        self, partition: int, site: str, thread: str, after: Position, upto: Position, *, limit: int = SCANNED
    ) -> AsyncIterator[list[FeedEntry]]:
        """The entries of one thread after `after`, up to and including `upto`, in order, yielded as they are read.

        Each read takes at most `limit` entries of the partition. Raises `Trimmed` if an entry of the range is gone.
        """
        keys = self._keys[partition]
        name = f"{site}/{thread}".encode()
        at = after
        while at < upto:
            # Read the trim mark last: it is then valid for the entries read before it.
            found, trimmed = await self._ask_all(
                ("XRANGE", keys.feed, f"({at}", str(upto), "COUNT", limit),
                ("GET", keys.feed_trimmed),
            )
            if kept(trimmed) > at:
                raise Trimmed
            at = Position.decode(found[-1][0]) if len(found) == limit else upto
            if entries := [_entry(at_id, fields) for at_id, fields in found if name in fields]:
                yield entries

    async def _ask(self, *command: Argument) -> Any:
        return await retry(lambda: self._redis.call(*command), "read_feed", patience=PATIENCE)

    async def _ask_all(self, *commands: tuple[Argument, ...]) -> list[Any]:
        """Send commands in one pipeline and return their replies in order."""
        return await retry(
            lambda: self._redis.all([RedisCommand(command) for command in commands]), "read_feed", patience=PATIENCE
        )


def _entry(name: bytes, fields: list[bytes]) -> FeedEntry:
    values = dict(zip(fields[::2], fields[1::2], strict=True))
    site, _, thread = values[b"t"].decode().partition("/")
    return FeedEntry(Position.decode(name), site, thread, _KINDS.decode(values[b"k"]))
