"""The feed stream of a partition, read: which rows each event changed, as far back as it is kept."""

from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec

from core.keys import Keys
from core.log.divergence import digest
from core.log.port import LogDiverged
from core.position import Position, kept
from core.redis.command import Argument, Command
from core.redis.errors import retry
from core.redis.router import Router
from projections.views.pointer import Pointer

PATIENCE: Final = 1.0
"""Seconds within which a read that failed is tried again."""
SCANNED: Final = 1000
"""Entries per read while one thread's entries are looked for."""

_KINDS: Final = msgspec.json.Decoder(list[tuple[str, str | None]])


class FeedEntry(NamedTuple):
    """What one event changed on the page of its thread: `(kind, comment)`, in the order to tell it."""

    position: Position
    site: str
    thread: str
    kinds: list[tuple[str, str | None]]


Named = dict[tuple[str, str], dict[str, None]]
"""Comments, by site and thread, each once and in order."""


def named(messages: Iterable[bytes]) -> Named:
    """What the messages of commits say that the feed has been told (see commit.lua); what says nothing is passed."""
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
    """What a follower of a feed remembers: the last entry that it took in, and which views were served then."""

    position: Position
    digest: bytes | None
    """A short hash of the entry; None where the feed had it no more, or never had one."""
    pointer: Pointer


class Exchanged(Exception):
    """Other views are served than those that a follower told of, all of a partition's or those of one thread."""


class Trimmed(Exception):
    """Entries of the range that was asked for are gone from the feed."""


class FeedLog:
    """Reads the feed streams of a deployment. They carry no text: what was taken down cannot leak from them.

    Every call raises `core.refusals.Unavailable` where the server stays away.
    """

    def __init__(self, redis: Router, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def trimmed(self, partition: int) -> Position:
        """The newest entry that was trimmed off the old end of a feed; `START` where there is none."""
        return kept(await self._ask("GET", self._keys[partition].feed_trimmed))

    async def has(self, partition: int, position: Position) -> bool:
        """Whether the feed has an entry at this position: an event that readers of some thread could notice."""
        return bool(await self._ask("XRANGE", self._keys[partition].feed, str(position), str(position)))

    async def end(self, partition: int) -> FeedMark:
        """The newest entry, or where there is none the newest trimmed one: where a follower begins."""
        keys = self._keys[partition]
        # The pointer first: where it moves in between, the first reading on finds it.
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

        It is proven that they follow upon the marked entry: it is read with them, and has to be what it was. Where it
        is gone, it has to be the newest one that was trimmed. Raises `LogDiverged` where it is neither, and `Exchanged`
        where other views are served than then.
        """
        keys = self._keys[partition]
        # The trimmed one last: what is told of it then holds for the entries that were read before.
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
        """The entries of one thread after `after`, up to and with `upto`, in order, as they are read.

        At most `limit` entries of the partition are read at once. Raises `Trimmed` where an entry of the range is gone.
        """
        keys = self._keys[partition]
        name = f"{site}/{thread}".encode()
        at = after
        while at < upto:
            # The trimmed one last: what is told of it then holds for the entries that were read before.
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
        """The replies to commands that go out together, in this order."""
        return await retry(
            lambda: self._redis.all([Command(command) for command in commands]), "read_feed", patience=PATIENCE
        )


def _entry(name: bytes, fields: list[bytes]) -> FeedEntry:
    values = dict(zip(fields[::2], fields[1::2], strict=True))
    site, _, thread = values[b"t"].decode().partition("/")
    return FeedEntry(Position.decode(name), site, thread, _KINDS.decode(values[b"k"]))
