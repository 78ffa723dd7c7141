"""One partition's views compared with the fold of its log."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from msgspec import Struct
from redis.exceptions import ResponseError

from core.envelope import decode
from core.keys import Partition
from core.log.port import Log
from core.position import START, Position, kept
from core.redis.faults import insist
from projections import cells, snapshots
from projections.cells import Html
from projections.fold import CannotApply, apply
from projections.loading import Reads, read_views, together
from projections.snapshots import Mark
from projections.state import Thread

READ: Final = 1000
"""So many events are read at once."""

Name = tuple[str, str]
Content = Mapping[str, bytes | int]


async def asked(reads: Reads, *command: bytes | str | int) -> Any:
    """The reply to one command, asked again where the server was away. Raises `core.refusals.Unavailable`."""
    return await insist(lambda: reads.call(*command), "verify")


class Difference(Struct, frozen=True, kw_only=True):
    """Something that is not as the log says. None stands for what does not exist, or should not."""

    partition: int
    thread: str | None
    """`<site>/<thread>`; None where it is not about one thread."""
    key: str
    field: str | None
    """A field or a member; None for a whole key."""
    expected: bytes | int | None
    found: bytes | int | None


class _Ahead(Exception):
    """The views have come further than the log: nothing can be compared with them."""

    def __init__(self, cursor: Position) -> None:
        super().__init__(f"the views are at {cursor}, beyond the log")
        self.cursor = cursor


class Comparison:
    """One partition: `at` is how far it was folded."""

    def __init__(self, log: Log, reads: Reads, keys: Partition, generation: int, html: Html) -> None:
        self.at = START
        self._log = log
        self._reads = reads
        self.keys = keys
        self.generation = generation
        self._html = html
        self._threads: dict[Name, Thread] = {}
        self._wanted: dict[Name, set[Mark]] = {}
        self._frozen: dict[tuple[Name, Mark], bytes] = {}
        """The fold at the position of each snapshot that was there at the beginning, packed."""

    async def cursor(self) -> Position:
        """How far the views have come."""
        return kept(await asked(self._reads, "GET", self.keys.cursor(self.generation)))

    async def run(self, existing: list[str], tell: Callable[[int, int], None]) -> AsyncIterator[Difference]:
        """Everything that differs; `existing` are the keys that were there a moment ago. Raises `CannotApply`."""
        try:
            async for difference in self._all(existing, tell):
                yield difference
        except _Ahead as ahead:
            key = self.keys.cursor(self.generation)
            yield self._difference(None, key, None, str(self.at).encode(), str(ahead.cursor).encode())

    async def _all(self, existing: list[str], tell: Callable[[int, int], None]) -> AsyncIterator[Difference]:
        snapshots_at = self.keys.snapshots_prefix()
        kept = [key for key in existing if key.startswith(snapshots_at)]
        await self._note_snapshots(kept)
        await self._go_to(await self.cursor(), tell)
        compared: set[Name] = set()
        while rest := [name for name in self._threads if name not in compared]:
            for name in rest:
                compared.add(name)
                async for difference in self._thread(name, tell):
                    yield difference
                tell(self.at.n, len(compared))
        for site in sorted({site for site, _ in self._threads}):
            async for difference in self._site(site, tell):
                yield difference
        async for difference in self._snapshots():
            yield difference
        async for difference in self._strays(existing):
            yield difference

    async def _go_to(self, cursor: Position, tell: Callable[[int, int], None]) -> None:
        """Fold on to `cursor`, or from the beginning where the views went back."""
        if cursor < self.at:
            self.at, self._threads = START, {}
        while self.at < cursor:
            entries = await self._log.read(self.keys.number, self.at, limit=READ, upto=cursor)
            if not entries:
                raise _Ahead(cursor)
            for entry in entries:
                recorded = decode(*entry)
                if entry.position.n != self.at.n + 1:
                    raise CannotApply(recorded, f"the event after {self.at} is missing")
                self.at = entry.position
                name = (recorded.envelope.site, recorded.envelope.thread)
                if recorded.envelope.thread:
                    if name not in self._threads:
                        self._threads[name] = Thread(site=name[0], id=name[1])
                    apply(self._threads[name], recorded)
                    self._freeze(name)
            tell(self.at.n, 0)

    def _freeze(self, name: Name) -> None:
        thread = self._threads[name]
        mark = snapshots.mark(thread)
        if mark in self._wanted.get(name, ()):
            self._frozen[name, mark] = snapshots.pack(thread)

    async def _thread(self, name: Name, tell: Callable[[int, int], None]) -> AsyncIterator[Difference]:
        keys = self.keys.thread_views(self.generation, *name)._asdict()
        try:
            views = await insist(lambda: read_views(self._reads, self.keys, self.generation, *name), "verify")
        except ResponseError:
            async for difference in self._wrong_kinds(name, keys):
                yield difference
            return
        await self._go_to(views.cursor, tell)
        thread = self._threads.get(name)
        wanted = _sorted(() if thread is None else cells.contents(thread, self._html))
        for view in cells.THREAD_HASHES:
            for difference in self._differ(name, keys[view], wanted.get(view, {}), _text(views.hashes[view])):
                yield difference
        for view in cells.THREAD_SETS:
            there = {member.decode(): int(score) for member, score in views.sets[view].items()}
            for difference in self._differ(name, keys[view], wanted.get(view, {}), there):
                yield difference

    async def _site(self, site: str, tell: Callable[[int, int], None]) -> AsyncIterator[Difference]:
        cursor = self.keys.cursor(self.generation)
        keys = {view: self.keys.site_view(self.generation, site, view) for view in cells.SITE_VIEWS}
        commands: list[tuple[str | int, ...]] = [("ZRANGE", key, 0, -1, "WITHSCORES") for key in keys.values()]
        asking: list[tuple[str | int, ...]] = [("GET", cursor), *commands]
        while True:
            try:
                first, *found = await insist(lambda: together(self._reads, asking), "verify")
            except ResponseError:
                async for difference in self._wrong_kinds(None, {f"site.{view}": key for view, key in keys.items()}):
                    yield difference
                return
            if await asked(self._reads, "GET", cursor) == first:
                break
        await self._go_to(kept(first), tell)
        wanted: dict[str, dict[str, bytes | int]] = {}
        for name, thread in self._threads.items():
            if name[0] == site:
                for view, some in _sorted(_of_site(thread)).items():
                    wanted.setdefault(view, {}).update(some)
        for (view, key), flat in zip(keys.items(), found, strict=True):
            there = {flat[at].decode(): int(float(flat[at + 1])) for at in range(0, len(flat), 2)}
            for difference in self._differ(None, key, wanted.get(f"site.{view}", {}), there):
                yield difference

    async def _wrong_kinds(self, name: Name | None, keys: Mapping[str, str]) -> AsyncIterator[Difference]:
        """The keys that are no hash, or no sorted set, where they should be one; what else they are is not read."""
        for view, key in keys.items():
            wanted = b"zset" if view in cells.SETS else b"hash"
            kind = await asked(self._reads, "TYPE", key)
            if kind not in (wanted, b"none"):
                yield self._difference(name, key, None, wanted, kind)

    def _differ(self, name: Name | None, key: str, expected: Content, found: Content) -> Iterator[Difference]:
        for field in sorted(expected.keys() | found.keys()):
            if expected.get(field) != found.get(field):
                yield self._difference(name, key, field, expected.get(field), found.get(field))

    def _difference(
        self, name: Name | None, key: str, field: str | None, expected: bytes | int | None, found: bytes | int | None
    ) -> Difference:
        thread = None if name is None else "/".join(name)
        return Difference(
            partition=self.keys.number, thread=thread, key=key, field=field, expected=expected, found=found
        )

    async def _note_snapshots(self, keys: list[str]) -> None:
        for key in keys:
            site, _, thread = key.removeprefix(self.keys.snapshots_prefix()).partition("/")
            self._wanted[site, thread] = set(snapshots.marks(await asked(self._reads, "HKEYS", key)))

    async def _snapshots(self) -> AsyncIterator[Difference]:
        for name, marks in self._wanted.items():
            key = self.keys.snapshots(*name)
            for mark in sorted(marks):
                field = snapshots.name(mark)
                found = await asked(self._reads, "HGET", key, field)
                if found is None:
                    continue  # thrown away meanwhile: the commit of a redaction does that
                expected = self._frozen.get((name, mark))
                if expected is None or _redacted_since(self._threads.get(name), mark):
                    yield self._difference(name, key, field, None, found)
                elif not _same(expected, found):
                    yield self._difference(name, key, field, expected, found)

    async def _strays(self, existing: list[str]) -> AsyncIterator[Difference]:
        """Keys that nothing of the log explains."""
        known = {self.keys.cursor(self.generation)}
        for name in self._threads:
            known |= {*self.keys.thread_views(self.generation, *name), self.keys.snapshots(*name)}
        for site in {site for site, _ in self._threads}:
            known |= {self.keys.site_view(self.generation, site, view) for view in cells.SITE_VIEWS}
        for key in sorted(set(existing) - known):
            kind = await asked(self._reads, "TYPE", key)
            if kind != b"none":
                yield self._difference(None, key, None, None, kind)


def _of_site(thread: Thread) -> Iterator[tuple[str, str, bytes | int]]:
    for (view, field), value in cells.of_thread(thread).items():
        yield view, field, cells.encode(value)
    for comment in thread.rows.values():
        for (view, field), value in cells.of_comment(comment, thread.id).items():
            if view.startswith("site."):
                yield view, field, cells.encode(value)


def _sorted(some: Iterable[tuple[str, str, bytes | int]]) -> dict[str, dict[str, bytes | int]]:
    found: dict[str, dict[str, bytes | int]] = {}
    for view, field, value in some:
        found.setdefault(view, {})[field] = value
    return found


def _text(fields: Mapping[bytes, bytes]) -> dict[str, bytes | int]:
    return {field.decode(errors="replace"): value for field, value in fields.items()}


def _redacted_since(thread: Thread | None, mark: Mark) -> bool:
    if thread is None:
        return False
    texts = (thread.rows[comment].texts[revision] for comment, revision in thread.redacted)
    return any(text.redacted is not None and text.redacted > mark.position for text in texts)


def _same(expected: bytes, found: bytes) -> bool:
    with suppress(Exception):  # what cannot be read is not the same, whatever keeps it from being read
        return snapshots.unpack(expected) == snapshots.unpack(found)
    return False
