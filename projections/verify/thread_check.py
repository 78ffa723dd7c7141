"""Field-by-field comparison of one thread's views with its fold.

A difference is reported only between a read at one moment of the views and the fold up to exactly their cursor, or up
to the event that the thread is parked at. The views of a thread of usual size are read whole. Those of a long thread
are read in steps during concurrent writes: a mismatch is doubtful, and is read again by itself at one moment.

Only the parts are compared that this version and every version that wrote into these views write alike. The rest is
counted.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from msgspec.structs import replace
from redis.exceptions import ResponseError

from core.keys import Partition
from core.position import Position, kept
from core.redis.errors import retry
from core.throttle import Pace, collected
from projections.thread.state import ThreadState
from projections.thread.thread_replay import NEWEST, ThreadReplay
from projections.verify.difference import Content, Difference, Name, Superseded
from projections.views import layout, parking, stored_row
from projections.views.layout import Html
from projections.views.listings import registry
from projections.views.listings.listing import Listing
from projections.views.parking import Parked
from projections.views.pointer import Pointer
from projections.views.stored_thread import Reads, together
from projections.views.versions import HTML, Scope

WHOLE: Final = 2000
"""Maximum events of a thread whose views are read whole."""
STEP: Final = 500
"""Fields per read of a longer thread."""

ReadCommand = tuple[str | int, ...]


async def asked(reads: Reads, *command: bytes | str | int) -> Any:
    """The reply to one command, retried while the server is unreachable. Raises `core.refusals.Unavailable`."""
    return await retry(lambda: reads.call(*command), "verify")


class Moment(NamedTuple):
    """Replies to reads of the views with no commit and no exchange between them."""

    cursor: Position
    replies: list[Any]
    parked: Parked | None = None
    """The parked record of the thread that was asked for."""

    async def of(self, fold: ThreadReplay) -> ThreadState:
        """The thread at this moment, by its fold. Raises the errors of the fold."""
        return await fold.at(self.cursor, before=NEWEST if self.parked is None else self.parked.position)


class ThreadCheck:
    """Checks the views of one partition, in one generation. `call` names the reads in logs and metrics.

    `scope` is the comparable part of the views, and is not empty. `left` counts what was not compared, by part: rows
    without a comparison of html, and the fields of the fold by view. `parked` is the parked record of the thread that
    was read last. `served` is the served generation, if these views are not served.

    Every method raises `Superseded` if another generation is served or another version wrote into the views;
    `core.refusals.Unavailable`; and the errors of the fold.
    """

    def __init__(
        self,
        reads: Reads,
        keys: Partition,
        generation: int,
        html: Html,
        *,
        scope: Scope,
        pace: Pace,
        call: str = "verify",
        served: int | None = None,
    ) -> None:
        self.keys = keys
        self.generation = generation
        self.scope = scope
        self.left: Counter[str] = Counter()
        self.parked: Parked | None = None
        self._reads = reads
        self._html = html if scope.html and scope.covers("rows") else _no_html
        self._pace = pace
        self._call = call
        self._served = generation if served is None else served
        self._wrong: set[str] = set()
        """Keys that were found to be of another type."""

    async def thread(self, name: Name, fold: ThreadReplay) -> AsyncIterator[Difference]:
        """Yield the differences in the views of a thread, without its entries in the listings."""
        views = self.keys.thread_views(self.generation, *name)._asdict()
        keys = {view: key for view, key in views.items() if self.scope.covers(view)}
        if "rows" in keys and not self.scope.html:
            self.left[HTML] += sum(comment.published for comment in fold.state.rows.values())
        try:
            if fold.state.events <= WHOLE:
                async for difference in self._whole(name, keys, fold):
                    yield difference
            else:
                async for difference in self._in_steps(name, keys, fold):
                    yield difference
        except ResponseError as error:
            async for difference in self.wrong_kinds(name, keys, error):
                yield difference

    async def site(self, name: Name, fold: ThreadReplay) -> AsyncIterator[Difference]:
        """Yield the differences in the listings for the members of a thread."""
        keys = self.listing_keys(name[0])
        doubtful: dict[str, set[str]] = {}
        try:
            await self._try(self._covered(layout.of_site(fold.state)), keys, doubtful)
            async for difference in self._confirmed(name, keys, doubtful, fold):
                yield replace(difference, thread=None)
        except ResponseError as error:
            async for difference in self.wrong_kinds(None, keys, error):
                yield difference

    async def members(
        self, name: Name, fold: ThreadReplay, members: Mapping[str, set[str]]
    ) -> AsyncIterator[Difference]:
        """Yield those of some members of listings, by cell, that a thread wrongly has there."""
        async for difference in self._confirmed(name, self.listing_keys(name[0]), members, fold):
            yield replace(difference, thread=None)

    async def at_one_moment(self, *commands: ReadCommand, name: Name | None = None) -> Moment:
        """The replies to commands on views, all of one moment, with the parked record of the thread `name`."""
        marks: list[ReadCommand] = [("GET", self.keys.cursor(self.generation)), ("GET", self.keys.generation)]
        about = [] if name is None else [self._parked(name)]
        while True:
            found = await self._ask(*marks, *about, *commands)
            # A separate request after all replies: commands redirected by a slot migration reply later than the rest.
            *last, entries = await self._ask(*marks, ("SCARD", self.keys.versions(self.generation)))
            if Pointer.read(last[1]).generation != self._served or entries != self.scope.entries:
                raise Superseded
            if found[: len(marks)] == last:
                break
        del found[: len(marks)]
        if name is not None:
            self.parked = _record(found.pop(0))
        return Moment(kept(last[0]), found, self.parked)

    async def begin(self, name: Name, fold: ThreadReplay) -> None:
        """Fold a thread up to about where its views are, so that its size is known."""
        cursor, parked = await self._ask(("GET", self.keys.cursor(self.generation)), self._parked(name))
        self.parked = _record(parked)
        await Moment(kept(cursor), [], self.parked).of(fold)

    async def cursor(self) -> Position:
        """The cursor of the views."""
        return (await self.at_one_moment()).cursor

    async def scan(self, key: str, view: str) -> AsyncIterator[list[tuple[str, bytes]]]:
        """All fields of a hash, or members of a sorted set, in pages. A permanent field is in at least one page."""
        at = b"0"
        while True:
            ((at, flat),) = await self._ask((_scan(view), key, at.decode(), "COUNT", STEP))
            yield [(field.decode(errors="replace"), value) for field, value in zip(flat[::2], flat[1::2], strict=True)]
            if self._pace.due:
                await self._pace.rest()
            if at == b"0":
                return

    def differ(self, name: Name | None, key: str, expected: Content, found: Content) -> Iterator[Difference]:
        """Yield the fields that are missing on one side or have other values."""
        for field in sorted(expected.keys() | found.keys()):
            if expected.get(field) != found.get(field):
                yield self.difference(name, key, field, expected.get(field), found.get(field))

    def difference(
        self, name: Name | None, key: str, field: str | None, expected: bytes | int | None, found: bytes | int | None
    ) -> Difference:
        """A difference in this partition."""
        thread = None if name is None else "/".join(name)
        return Difference(
            partition=self.keys.number, thread=thread, key=key, field=field, expected=expected, found=found
        )

    def listings(self) -> list[Listing]:
        """The comparable listings."""
        return [listing for listing in registry.LISTINGS if self.scope.covers(listing.name)]

    def listing_keys(self, site: str) -> dict[str, str]:
        """The keys of the comparable listings, by cell."""
        return {one.cell: self.keys.listing(self.generation, site, one.name) for one in self.listings()}

    async def wrong_kinds(
        self, name: Name | None, keys: Mapping[str, str], error: ResponseError | None = None
    ) -> AsyncIterator[Difference]:
        """The keys that are not the hash or sorted set they should be, each once; their content is not read.

        Raises `error` if no such key explains it.
        """
        kinds = await self._ask(*(("TYPE", key) for key in keys.values()))
        for (view, key), kind in zip(keys.items(), kinds, strict=True):
            wanted = b"hash" if view in layout.HASHES else b"zset"
            if kind not in (wanted, b"none") and key not in self._wrong:
                self._wrong.add(key)
                yield self.difference(name, key, None, wanted, kind)
        if error is not None and self._wrong.isdisjoint(keys.values()):
            raise error

    async def _whole(self, name: Name, keys: Mapping[str, str], fold: ThreadReplay) -> AsyncIterator[Difference]:
        moment = await self.at_one_moment(*(_everything(view, key) for view, key in keys.items()), name=name)
        thread = await moment.of(fold)
        wanted: dict[str, dict[str, bytes | int]] = {}
        for view, field, value in self._contents(thread) if thread.events else ():
            wanted.setdefault(view, {})[field] = value
            if self._pace.due:
                await self._pace.rest()
        for (view, key), flat in zip(keys.items(), moment.replies, strict=True):
            pairs = zip(flat[::2], flat[1::2], strict=True)
            there = {field.decode(errors="replace"): self._value(view, value) for field, value in pairs}
            for difference in self.differ(name, key, wanted.get(view, {}), there):
                yield difference

    async def _in_steps(self, name: Name, keys: Mapping[str, str], fold: ThreadReplay) -> AsyncIterator[Difference]:
        doubtful: dict[str, set[str]] = {}
        await self._try(self._contents(fold.state), keys, doubtful)
        moment = await self.at_one_moment(*(_length(view, key) for view, key in keys.items()), name=name)
        thread = await moment.of(fold)
        expected = await self._counted(thread)
        for (view, key), length in zip(keys.items(), moment.replies, strict=True):
            # A missing field may hide a surplus one in the length.
            if view in doubtful or length != expected[view]:
                known = {field async for field in self._fields(thread, view)}
                async for page in self.scan(key, view):
                    doubtful.setdefault(view, set()).update(field for field, _ in page if field not in known)
        async for difference in self._confirmed(name, keys, doubtful, fold):
            yield difference

    async def _try(
        self, wanted: Iterable[tuple[str, str, bytes | int]], keys: Mapping[str, str], doubtful: dict[str, set[str]]
    ) -> None:
        """Compare with the stored fields in steps, during concurrent writes. Fields that disagree become doubtful."""
        step: dict[str, dict[str, bytes | int]] = {}
        size = 0
        for view, field, value in wanted:
            step.setdefault(view, {})[field] = value
            size += 1
            if size == STEP:
                await self._step(step, keys, doubtful)
                step, size = {}, 0
            if self._pace.due:
                await self._pace.rest()
        await self._step(step, keys, doubtful)

    async def _step(
        self, step: dict[str, dict[str, bytes | int]], keys: Mapping[str, str], doubtful: dict[str, set[str]]
    ) -> None:
        replies = await self._ask(*(_values(view, keys[view], list(wanted)) for view, wanted in step.items()))
        for (view, wanted), values in zip(step.items(), replies, strict=True):
            for (field, expected), value in zip(wanted.items(), values, strict=True):
                if value is None or self._value(view, value) != expected:
                    doubtful.setdefault(view, set()).add(field)

    async def _confirmed(
        self, name: Name, keys: Mapping[str, str], doubtful: Mapping[str, set[str]], fold: ThreadReplay
    ) -> AsyncIterator[Difference]:
        """Yield the doubtful fields that differ after another read at one moment."""
        for view, fields in doubtful.items():
            key, rest = keys[view], iter(sorted(fields))
            while some := list(islice(rest, STEP)):
                moment = await self.at_one_moment(_values(view, key, some), name=name)
                wanted = await self._picked(await moment.of(fold), view, set(some))
                pairs = zip(some, moment.replies[0], strict=True)
                there = {field: self._value(view, value) for field, value in pairs if value is not None}
                for difference in self.differ(name, key, wanted, there):
                    yield difference

    async def _picked(self, thread: ThreadState, view: str, fields: set[str]) -> Content:
        """The given fields that a thread should have, with their values."""
        if view == "rows":
            there = (thread.rows[comment] for comment in fields if comment in thread.rows)
            made = ((comment.id, layout.row(comment, thread.id, self._html)) for comment in there)
            return dict(await collected(made, self._pace))
        return {field: value async for field, value in self._besides_rows(thread, view) if field in fields}

    async def _counted(self, thread: ThreadState) -> Counter[str]:
        """Number of fields that the thread should have, by view."""
        counts: Counter[str] = Counter()
        if thread.events:
            counts["rows"] = len(thread.rows)
            for view, _, _ in layout.besides_rows(thread):
                counts[view] += 1
                if self._pace.due:
                    await self._pace.rest()
        return counts

    async def _fields(self, thread: ThreadState, view: str) -> AsyncIterator[str]:
        if view == "rows":
            for comment in thread.rows:
                yield comment
        async for field, _ in self._besides_rows(thread, view):
            yield field

    async def _besides_rows(self, thread: ThreadState, view: str) -> AsyncIterator[tuple[str, bytes | int]]:
        for name, field, value in layout.besides_rows(thread) if thread.events else ():
            if name == view:
                yield field, value
            if self._pace.due:
                await self._pace.rest()

    def _contents(self, thread: ThreadState) -> Iterator[tuple[str, str, bytes | int]]:
        """The comparable cells that the thread should have in its own views."""
        return self._covered(cell for cell in layout.contents(thread, self._html) if not cell[0].startswith("site."))

    def _covered(self, wanted: Iterable[tuple[str, str, bytes | int]]) -> Iterator[tuple[str, str, bytes | int]]:
        """The comparable cells; the others are counted."""
        for cell in wanted:
            if self.scope.covers(cell[0]):
                yield cell
            else:
                self.left[cell[0].removeprefix("site.")] += 1

    def _value(self, view: str, value: bytes) -> bytes | int:
        """The value of a view in the form that is compared."""
        if view not in layout.HASHES:
            return int(float(value))
        return stored_row.without_html(value) if view == "rows" and not self.scope.html else value

    def _parked(self, name: Name) -> ReadCommand:
        return ("HGET", self.keys.parked(self.generation), parking.field(*name))

    async def _ask(self, *commands: ReadCommand) -> list[Any]:
        return await retry(lambda: together(self._reads, list(commands)), self._call)


def _record(stored: bytes | None) -> Parked | None:
    return None if stored is None else parking.decode(stored)


def _everything(view: str, key: str) -> ReadCommand:
    return ("HGETALL", key) if view in layout.HASHES else ("ZRANGE", key, 0, -1, "WITHSCORES")


def _values(view: str, key: str, fields: list[str]) -> ReadCommand:
    return ("HMGET" if view in layout.HASHES else "ZMSCORE", key, *fields)


def _scan(view: str) -> str:
    return "HSCAN" if view in layout.HASHES else "ZSCAN"


def _length(view: str, key: str) -> ReadCommand:
    return ("HLEN" if view in layout.HASHES else "ZCARD", key)


def _no_html(_body: str) -> str:
    """The text that replaces html in rows where html is not compared."""
    return ""
