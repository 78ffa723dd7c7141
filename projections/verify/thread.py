"""Field-by-field comparison of one thread's views with its fold, used by `verify` and the sampler.

A difference is reported only between a read at one cursor and the fold up to exactly that cursor. The views of a thread
of usual size are read whole. Those of a long thread are read in steps during concurrent writes: a mismatch is doubtful,
and is read again by itself at one cursor.

Only the parts are compared that this version and every version that wrote into these views write alike. The rest is
counted.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any, Final

from redis.exceptions import ResponseError

from core.keys import Partition
from core.position import Position, kept
from core.redis.errors import retry
from core.throttle import Pace, collected
from projections.thread.state import ThreadState
from projections.verify.difference import Content, Difference, ExpectedThread, Name, Superseded
from projections.views import layout, stored_row
from projections.views.layout import Html
from projections.views.listings import registry
from projections.views.listings.listing import Listing
from projections.views.pointer import Pointer
from projections.views.stored_thread import Reads, together
from projections.views.versions import HTML, Scope

WHOLE: Final = 2000
"""Maximum events of a thread whose views are read whole."""
STEP: Final = 500
"""Fields per read of a longer thread."""

ReadCommand = tuple[str | int, ...]


class ThreadCheck:
    """Checks the views of one partition, in one generation. `call` names the reads in logs and metrics.

    `scope` is the comparable part of the views, and is not empty. `left` counts what was not compared, by part: rows
    without a comparison of html, and the fields of the fold by view. Every method raises `Superseded`, also if another
    version wrote into the views; `core.refusals.Unavailable`; and the errors of the fold.
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
    ) -> None:
        self.keys = keys
        self.generation = generation
        self.scope = scope
        self.left: Counter[str] = Counter()
        self._reads = reads
        self._html = html if scope.html and scope.covers("rows") else _no_html
        self._pace = pace
        self._call = call

    async def thread(self, name: Name, fold: ExpectedThread) -> AsyncIterator[Difference]:
        """Yield the differences in the views of a thread, without its entries in the listings."""
        views = self.keys.thread_views(self.generation, *name)._asdict()
        keys = {view: key for view, key in views.items() if self.scope.covers(view)}
        if fold.thread is not None and "rows" in keys and not self.scope.html:
            self.left[HTML] += sum(comment.published for comment in fold.thread.rows.values())
        try:
            if fold.thread is None or fold.thread.events <= WHOLE:
                async for difference in self._whole(name, keys, fold):
                    yield difference
            else:
                async for difference in self._in_steps(name, keys, fold):
                    yield difference
        except ResponseError:
            async for difference in self.wrong_kinds(name, keys):
                yield difference

    async def site(
        self, name: Name, fold: ExpectedThread, stray: Mapping[str, Iterable[str]]
    ) -> AsyncIterator[Difference]:
        """Yield the differences in the listings for the entries of a thread.

        `stray` are members, by name of the cells, that the thread may wrongly have there.
        """
        keys = {listing.cell: self.listing_key(name[0], listing) for listing in self.listings()}
        doubtful: dict[str, set[str]] = {cell: set(members) for cell, members in stray.items()}
        try:
            if fold.thread is not None:
                await self._try(self._covered(layout.of_site(fold.thread)), keys, doubtful)
            async for difference in self._confirmed(name, keys, doubtful, fold):
                yield difference
        except ResponseError:
            async for difference in self.wrong_kinds(name, keys):
                yield difference

    async def at_one_cursor(self, *commands: ReadCommand) -> tuple[Position, list[Any]]:
        """The replies to commands on views, and the cursor at which all of them were read."""
        cursor = self.keys.cursor(self.generation)
        while True:
            first, *found = await self._ask(("GET", cursor), *commands)
            # A separate request after all replies: commands redirected by a slot migration reply later than the rest.
            last, served, entries = await self._ask(
                ("GET", cursor), ("GET", self.keys.generation), ("SCARD", self.keys.versions(self.generation))
            )
            if Pointer.read(served).generation != self.generation or entries != self.scope.entries:
                raise Superseded
            if first == last:
                return kept(first), found

    async def cursor(self) -> Position:
        """The cursor of the views."""
        return (await self.at_one_cursor())[0]

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

    async def confirmed(
        self,
        key: str,
        view: str,
        fields: Iterable[str],
        wanted: Callable[[Position, set[str]], Awaitable[Content]],
        name: Name | None = None,
    ) -> AsyncIterator[Difference]:
        """Yield the fields that differ, after another read at one cursor, from `wanted` at that cursor."""
        rest = iter(sorted(fields))
        while some := list(islice(rest, STEP)):
            cursor, (values,) = await self.at_one_cursor(_values(view, key, some))
            pairs = zip(some, values, strict=True)
            there = {field: self._value(view, value) for field, value in pairs if value is not None}
            for difference in self.differ(name, key, await wanted(cursor, set(some)), there):
                yield difference

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

    def listing_key(self, site: str, listing: Listing) -> str:
        """The key of a listing."""
        return self.keys.site_view(self.generation, site, listing.name)

    async def wrong_kinds(self, name: Name | None, keys: Mapping[str, str]) -> AsyncIterator[Difference]:
        """The keys that are not the hash or sorted set they should be; the content of such a key is not read."""
        for view, key in keys.items():
            wanted = b"hash" if view in layout.HASHES else b"zset"
            (kind,) = await self._ask(("TYPE", key))
            if kind not in (wanted, b"none"):
                yield self.difference(name, key, None, wanted, kind)

    async def _whole(self, name: Name, keys: Mapping[str, str], fold: ExpectedThread) -> AsyncIterator[Difference]:
        commands = [_everything(view, key) for view, key in keys.items()]
        cursor, replies = await self.at_one_cursor(*commands)
        thread = await fold.at(cursor)
        wanted: dict[str, dict[str, bytes | int]] = {}
        for view, field, value in () if thread is None or not thread.events else self._contents(thread):
            wanted.setdefault(view, {})[field] = value
            if self._pace.due:
                await self._pace.rest()
        for (view, key), flat in zip(keys.items(), replies, strict=True):
            pairs = zip(flat[::2], flat[1::2], strict=True)
            there = {field.decode(errors="replace"): self._value(view, value) for field, value in pairs}
            for difference in self.differ(name, key, wanted.get(view, {}), there):
                yield difference

    async def _in_steps(self, name: Name, keys: Mapping[str, str], fold: ExpectedThread) -> AsyncIterator[Difference]:
        assert fold.thread is not None
        doubtful: dict[str, set[str]] = {}
        await self._try(self._contents(fold.thread), keys, doubtful)
        cursor, lengths = await self.at_one_cursor(*(_length(view, key) for view, key in keys.items()))
        thread = await fold.at(cursor)
        expected = await self._counted(thread)
        for (view, key), length in zip(keys.items(), lengths, strict=True):
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
        self, name: Name, keys: Mapping[str, str], doubtful: Mapping[str, set[str]], fold: ExpectedThread
    ) -> AsyncIterator[Difference]:
        for view, fields in doubtful.items():
            wanted = partial(self._picked, fold, view)
            async for difference in self.confirmed(keys[view], view, fields, wanted, name):
                yield difference

    async def _picked(self, fold: ExpectedThread, view: str, cursor: Position, fields: set[str]) -> Content:
        """The given fields that the thread should have at a cursor, with their values."""
        thread = await fold.at(cursor)
        if thread is None:
            return {}
        if view == "rows":
            there = (thread.rows[comment] for comment in fields if comment in thread.rows)
            made = ((comment.id, layout.row(comment, thread.id, self._html)) for comment in there)
            return dict(await collected(made, self._pace))
        return {field: value async for field, value in self._besides_rows(thread, view) if field in fields}

    async def _counted(self, thread: ThreadState | None) -> Counter[str]:
        """Number of fields that the thread should have, by view."""
        counts: Counter[str] = Counter()
        if thread is not None:
            counts["rows"] = len(thread.rows)
            for view, _, _ in layout.besides_rows(thread):
                counts[view] += 1
                if self._pace.due:
                    await self._pace.rest()
        return counts

    async def _fields(self, thread: ThreadState | None, view: str) -> AsyncIterator[str]:
        if thread is None:
            return
        if view == "rows":
            for comment in thread.rows:
                yield comment
        async for field, _ in self._besides_rows(thread, view):
            yield field

    async def _besides_rows(self, thread: ThreadState, view: str) -> AsyncIterator[tuple[str, bytes | int]]:
        for name, field, value in layout.besides_rows(thread):
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

    async def _ask(self, *commands: ReadCommand) -> list[Any]:
        return await retry(lambda: together(self._reads, list(commands)), self._call)


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
