"""The one place where views are written: a commit of changes and cursor in one script, for who holds the lease.

Outcomes are values. Nothing here folds; nothing elsewhere writes a view.
"""

from typing import Final

import msgspec
from msgspec import Struct

from core.keys import FIRST_GENERATION, Keys
from core.position import Position, kept
from core.redis.batch import Argument
from core.redis.calls import Calls
from core.redis.script import Script
from projections import feed, snapshots
from projections.changes import Commit
from projections.loading import load_thread
from projections.state import Thread

COMMIT: Final = Script("projections", "commit")


class Done(Struct, frozen=True):
    """It is in the views; `again` where it was before."""

    again: bool = False


class Mismatch(Struct, frozen=True):
    """The views are elsewhere, at `cursor`. Nothing was written."""

    cursor: Position


class Fenced(Struct, frozen=True):
    """The lease is somebody else's, or nobody's. Nothing was written."""


Outcome = Done | Mismatch | Fenced


class Store:
    """Writes the views of one generation, and reads back what writing needs. Calls raise `RedisError`."""

    def __init__(self, calls: Calls, reads: Calls, keys: Keys, *, generation: int = FIRST_GENERATION) -> None:
        self._calls = calls
        self._reads = reads
        self._keys = keys
        self.generation = generation

    @property
    def keys(self) -> Keys:
        """The keys of the deployment."""
        return self._keys

    async def commit(self, partition: int, nonce: str, commit: Commit) -> Outcome:
        """Write it, once. May be called again with the same commit."""
        own = self._keys[partition]
        keys = [own.lease, own.cursor(self.generation), own.generation, own.feed, own.feed_trimmed]
        places: dict[str, int] = {}
        arguments: list[Argument] = [nonce, str(commit.expected), str(commit.cursor), self.generation]
        arguments += (own.view_channel, feed.KEPT_MS, feed.MOST, len(commit.feed))
        for line in commit.feed:
            arguments += (str(line.position), line.thread, line.kinds)
        arguments.append(len(commit.changes))
        for change in commit.changes:
            place = places.setdefault(change.key, len(keys) + len(places) + 1)
            arguments += (change.command, place, len(change.arguments), *change.arguments)
        return _outcome(await self._calls.run(COMMIT, [*keys, *places], arguments))

    async def cursor(self, partition: int) -> Position:
        """How far the views of a partition have come."""
        return kept(await self._reads.call("GET", self._keys[partition].cursor(self.generation)))

    async def thread(self, site: str, thread: str) -> Thread:
        """The state of a thread as its views tell it, without events where there is none. Raises `Torn`."""
        return await load_thread(self._reads, self._keys.of(site, thread), self.generation, site, thread)

    async def marks(self, site: str, thread: str) -> list[snapshots.Mark]:
        """The snapshots of a thread that this fold can read, oldest first."""
        return snapshots.marks(await self._reads.call("HKEYS", self._keys.of(site, thread).snapshots(site, thread)))

    async def snapshot(self, site: str, thread: str, mark: snapshots.Mark) -> Thread | None:
        """One snapshot; None if it was thrown away meanwhile."""
        key = self._keys.of(site, thread).snapshots(site, thread)
        found = await self._reads.call("HGET", key, snapshots.name(mark))
        return None if found is None else snapshots.unpack(found)

    async def redacted(self, site: str, thread: str) -> list[tuple[str, int]]:
        """Every text of a thread that was redacted, by comment and revision."""
        views = self._keys.of(site, thread).thread_views(self.generation, site, thread)
        found = await self._reads.call("HGET", views.meta, "source")
        return [] if found is None else _THREAD.decode(found).redacted


def _outcome(reply: bytes) -> Outcome:
    word, _, rest = reply.partition(b" ")
    match word:
        case b"OK":
            return Done()
        case b"DUP":
            return Done(again=True)
        case b"MISMATCH":
            return Mismatch(Position.decode(rest))
        case b"FENCED":
            return Fenced()
        case _:
            raise ValueError(f"commit.lua answered {word!r}")


_THREAD: Final = msgspec.json.Decoder(Thread)
