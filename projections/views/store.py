"""The only writer of views: one script commits changes and cursor, fenced by the lease.

Outcomes are values. Nothing here folds; nothing elsewhere writes a view.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha1
from secrets import token_hex
from typing import Final

import msgspec
from msgspec import Struct

from core.heads import LAST
from core.keys import Keys
from core.log.port import Entry
from core.position import Position, kept
from core.redis.command import Argument
from core.redis.router import Router
from core.redis.script import Script
from core.throttle import Pace
from projections.thread import snapshots
from projections.thread.state import ThreadState
from projections.thread.time_travel import SnapshotIndex
from projections.views import feed_entries, layout, parking
from projections.views.changes import Change, Commit
from projections.views.generations import scope_of
from projections.views.layout import Html
from projections.views.listings import registry
from projections.views.listings.listing import Listing
from projections.views.parked_threads import read_parked
from projections.views.pointer import FIRST, Pointer
from projections.views.stored_thread import load_thread
from projections.views.versions import OWN, UNSIGNED, Scope, Versions, encode

_FEEDING: Final = ("changes", "core.redis:stream", "feed_entries")
COMMIT: Final = Script("projections.views", "commit", behind=_FEEDING)
FLIP: Final = Script("projections.views", "switch_generation", behind=_FEEDING)
SPREAD: Final = Script("projections.views", "stage_changes", behind="changes")
EXCHANGE: Final = Script("projections.views", "swap_thread", behind=("changes", "core.redis:stream", "core.log:heads"))

STAGED_S: Final = 3600
"""TTL in seconds of staged views that were never exchanged."""
_CHUNK: Final = 1000
"""Fields per write or read."""


class Done(Struct, frozen=True):
    """The change is in the views. `again` is set if an earlier call had written it."""

    again: bool = False


class Mismatch(Struct, frozen=True):
    """The cursor of the views is not the expected one, but `cursor`. Nothing was written."""

    cursor: Position


class Fenced(Struct, frozen=True):
    """The lease is free or has another holder. Nothing was written."""


class Retired(Struct, frozen=True):
    """Other views are served, so these are no longer live. Nothing was written."""

    served: Pointer


class Apart(Struct, frozen=True):
    """The cursor of the served views is outside the commit that was to follow them. Nothing was written."""

    cursor: Position


class Moved(Struct, frozen=True):
    """The thread has newer events, or the views lag behind its last event. Nothing was exchanged."""


Outcome = Done | Mismatch | Fenced | Retired


class Store:
    """Writes the views of one pointer, and reads back the data that writing needs. Calls raise `RedisError`.

    By default these are the live views. With `beside`, a generation is built beside the live views, under a separate
    lease and without feed entries.
    """

    def __init__(
        self,
        calls: Router,
        reads: Router,
        keys: Keys,
        *,
        pointer: Pointer = FIRST,
        beside: bool = False,
        versions: Versions = OWN,
    ) -> None:
        self._calls = calls
        self._reads = reads
        self._keys = keys
        self.pointer = pointer
        self.beside = beside
        self.versions = versions
        """The versions that write these views from now on. The generation adds them to its set of writers."""
        self._signature = (encode(versions), _UNSIGNED)

    @property
    def generation(self) -> int:
        """The generation of these views."""
        return self.pointer.generation

    async def served(self, partition: int) -> "Store":
        """The store of the currently served views of a partition."""
        pointer = Pointer.read(await self._reads.call("GET", self._keys[partition].generation))
        return Store(self._calls, self._reads, self._keys, pointer=pointer, versions=self.versions)

    @property
    def keys(self) -> Keys:
        """The keys of the deployment."""
        return self._keys

    async def commit(self, partition: int, nonce: str, commit: Commit, *, last: Entry | None = None) -> Outcome:
        """Write a commit exactly once. Idempotent for the same commit.

        `last` is the event at the commit's cursor. If the log on the views' server lacks that event or holds another
        one there, a failover lost the event that was read, and the outcome is Mismatch.
        """
        own = self._keys[partition]
        keys = [own.building if self.beside else own.lease, own.cursor(self.generation), own.generation]
        keys += (own.feed, own.feed_trimmed, own.log, own.versions(self.generation))
        arguments: list[Argument] = [nonce, str(commit.expected), str(commit.cursor)]
        digest = "" if last is None else sha1(last.e, usedforsecurity=False).hexdigest()
        arguments += (
            "" if self.beside else str(self.pointer),
            own.view_channel,
            feed_entries.KEPT_MS,
            feed_entries.MOST,
            digest,
        )
        arguments += self._signature
        _add_feed(commit.feed, arguments)
        _add(commit.changes, keys, arguments)
        outcome = _outcome(await self._calls.run(COMMIT, keys, arguments))
        assert not isinstance(outcome, Moved | Apart)
        return outcome

    async def spread(self, partition: int, nonce: str, commit: Commit, changes: Iterable[Change]) -> Outcome:
        """Write some changes of a commit in advance, to views that are not served yet. Idempotent."""
        own = self._keys[partition]
        keys = [own.building, own.cursor(self.generation), own.generation, own.versions(self.generation)]
        arguments: list[Argument] = [nonce, str(commit.expected), self.generation, *self._signature]
        _add(changes, keys, arguments)
        outcome = _outcome(await self._calls.run(SPREAD, keys, arguments))
        assert not isinstance(outcome, Moved | Apart)
        return outcome

    async def flip(
        self, partition: int, nonce: str, commit: Commit, served: int, *, lost: Position | None = None
    ) -> Outcome | Apart:
        """Write a commit exactly once and serve these views instead of the generation `served`.

        `lost` is the cursor of the served views, if the log has no such event. Idempotent for the same commit.
        """
        own = self._keys[partition]
        keys = [own.building, own.cursor(self.generation), own.generation, own.generations, own.feed, own.feed_trimmed]
        keys += (own.cursor(served), own.versions(self.generation))
        arguments: list[Argument] = [nonce, str(commit.expected), str(commit.cursor), str(self.pointer), served]
        arguments += (
            own.view_channel,
            feed_entries.KEPT_MS,
            feed_entries.MOST,
            "" if lost is None else str(lost),
            *self._signature,
        )
        _add_feed(commit.feed, arguments)
        _add(commit.changes, keys, arguments)
        outcome = _outcome(await self._calls.run(FLIP, keys, arguments))
        assert not isinstance(outcome, Moved)
        return outcome

    async def exchange(
        self, thread: ThreadState, html: Html, *changes: Change, last: Position | None = None
    ) -> Done | Moved | Retired:
        """Replace all views of `thread` with those of this state, unless the thread has newer events.

        The views must have reached the thread's last event. The exchange unparks the thread and writes `changes` in the
        same script. If `changes` park the thread again, the views show the state up to that event, and `last` is the
        thread's last event. May be called again. Yields to other tasks while it builds the views.
        """
        pace = Pace()
        own = self._keys.of(thread.site, thread.id)
        views = own.thread_views(self.generation, thread.site, thread.id)
        staged = own.staged(token_hex(8), thread.site, thread.id)
        listed: dict[str, dict[str, bytes | int]] = {listing.cell: {} for listing in registry.LISTINGS}
        of_thread: dict[str, dict[str, bytes | int]] = {name: {} for name in views._fields}
        for name, field, value in layout.contents(thread, html):
            (of_thread if name in of_thread else listed)[name][field] = value
            if pace.due:
                await pace.rest()
        for name, puts in of_thread.items():
            await self._stage(getattr(staged, name), name, puts)
        beyond = [Change("HDEL", own.parked(self.generation), [parking.field(thread.site, thread.id)]), *changes]
        for listing in registry.LISTINGS:
            key = own.listing(self.generation, thread.site, listing.name)
            beyond += await self._listing_changes(key, listing, thread.id, listed[listing.cell])
        keys = [own.cursor(self.generation), own.generation, own.heads(thread.site, thread.id)]
        keys += (own.versions(self.generation), *views, *staged)
        after = self.pointer._replace(exchanges=self.pointer.exchanges + 1)
        arguments: list[Argument] = [str(self.pointer), str(after), LAST, str(last or thread.last), own.view_channel]
        arguments += (len(views), *self._signature)
        _add(beyond, keys, arguments)
        outcome = _outcome(await self._calls.run(EXCHANGE, keys, arguments))
        if not isinstance(outcome, Done):
            await self._calls.call("UNLINK", *staged)
        assert isinstance(outcome, Done | Moved | Retired)
        return outcome

    async def _stage(self, key: str, view: str, puts: Mapping[str, bytes | int]) -> None:
        pairs = list(puts.items())
        for start in range(0, len(pairs), _CHUNK):
            some = pairs[start : start + _CHUNK]
            if view in layout.HASHES:
                await self._calls.call("HSET", key, *(part for pair in some for part in pair))
            else:
                await self._calls.call("ZADD", key, *(part for field, value in some for part in (value, field)))
            await self._calls.call("EXPIRE", key, STAGED_S)

    async def _listing_changes(
        self, key: str, listing: Listing, thread: str, puts: Mapping[str, bytes | int]
    ) -> list[Change]:
        """The changes that turn a thread's members of a listing into `puts`."""
        there: dict[str, int] = {}
        at = b"0"
        while True:
            at, flat = await self._reads.call("ZSCAN", key, at, "COUNT", _CHUNK)
            for member, score in zip(flat[::2], flat[1::2], strict=True):
                name = member.decode()
                if listing.thread_of(name) == thread:
                    there[name] = int(float(score))
            if at == b"0":
                break
        drops: list[Argument] = [name for name in there if name not in puts]
        adds = [part for name, score in puts.items() if there.get(name) != score for part in (score, name)]
        changes = [Change("ZREM", key, drops)] if drops else []
        return [*changes, Change("ZADD", key, adds)] if adds else changes

    async def cursor(self, partition: int) -> Position:
        """The cursor of the views of a partition."""
        return kept(await self._reads.call("GET", self._keys[partition].cursor(self.generation)))

    async def scope(self, partition: int) -> Scope:
        """The parts of these views that all their writer versions write like this version."""
        return await scope_of(self._reads, self._keys[partition], self.generation, self.versions)

    async def parked(self, partition: int) -> dict[parking.Name, parking.Parked]:
        """The parked threads of a partition in these views."""
        return await read_parked(self._reads, self._keys[partition], self.generation)

    async def thread(self, site: str, thread: str) -> ThreadState:
        """Read the state of a thread from its views; without views it has no events. Raises `PartialCommit`."""
        return await load_thread(self._reads, self._keys.of(site, thread), self.generation, site, thread)

    async def marks(self, site: str, thread: str) -> list[snapshots.Mark]:
        """The snapshots of a thread that this fold can read, oldest first."""
        fields = await self._reads.call("HKEYS", self._keys.of(site, thread).snapshots(site, thread))
        return snapshots.marks(fields, self.versions.fold)

    async def known(self, site: str, thread: str) -> SnapshotIndex:
        """The snapshots and redacted texts of a thread."""
        # In this order, a text redacted between the two reads is in none of the snapshots found.
        redacted = await self._redacted(site, thread)
        return SnapshotIndex(await self.marks(site, thread), redacted)

    async def packed(self, site: str, thread: str, mark: snapshots.Mark) -> bytes | None:
        """One packed snapshot; None if it was deleted meanwhile."""
        key = self._keys.of(site, thread).snapshots(site, thread)
        found: bytes | None = await self._reads.call("HGET", key, snapshots.name(mark, self.versions.fold))
        return found

    async def _redacted(self, site: str, thread: str) -> list[tuple[str, int]]:
        views = self._keys.of(site, thread).thread_views(self.generation, site, thread)
        found = await self._reads.call("HGET", views.meta, "source")
        return [] if found is None else _THREAD.decode(found).redacted


def _add_feed(lines: Sequence[bytes], arguments: list[Argument]) -> None:
    """Append feed entries to the arguments of a script."""
    arguments.append(len(lines))
    arguments += lines


def _add(changes: Iterable[Change], keys: list[str], arguments: list[Argument]) -> None:
    """Append changes and their keys to the arguments and keys of a script."""
    places = {key: place for place, key in enumerate(keys, 1)}
    written = list(changes)
    arguments.append(len(written))
    for change in written:
        place = places.get(change.key)
        if place is None:
            keys.append(change.key)
            place = places[change.key] = len(keys)
        arguments += (change.command, place, len(change.arguments))
        arguments += change.arguments


def _outcome(reply: bytes) -> Outcome | Moved | Apart:
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
        case b"RETIRED":
            return Retired(Pointer.read(rest))
        case b"MOVED":
            return Moved()
        case b"APART":
            return Apart(Position.decode(rest))
        case _:
            raise ValueError(f"a script that writes views answered {word!r}")


_THREAD: Final = msgspec.json.Decoder(ThreadState)
_UNSIGNED: Final = encode(UNSIGNED)
