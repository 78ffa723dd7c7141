"""Lists of a site's threads, by last activity or by opening time.

Each partition returns its own threads, and the results are merged in one global order. Activity moves a thread to the
front, so a reader may miss it during writes. The order by opening never changes.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Raw

from core.concurrency import gathered
from core.domain.origins import normalised
from core.keys import Partition
from core.position import START, Position, kept
from core.redis.script import Script
from core.refusals import Unavailable
from core.times import rfc3339
from projections.read import cursors
from projections.read.comments import answer, head_of
from projections.read.queries import PageAnswer, ThreadsQuery
from projections.read.served_generation import CommandParts, Question, Served
from projections.thread.state import ThreadState
from projections.views.versions import decode

LOOKED_THROUGH: Final = 2000
"""Maximum threads examined per request when a filter matches few."""
MOST_UNORDERED: Final = 20_000
"""Maximum threads per partition sorted by the caller, if older views have no order by opening."""

_THREADS: Final = Script("projections.read", "threads")
_OPENED: Final = Script("projections.read", "list_opened_threads")
_WAITING: Final = Script("projections.read", "count_waiting")
_ACTIVITY_PLACE: Final = rf"{cursors.NUMBER}\.{cursors.THREAD}"
_OPENED_PLACE: Final = rf"{cursors.NUMBER}\.{cursors.NUMBER}\.{cursors.NUMBER}"
_CHUNK: Final = 500
_KINDS: Final = frozenset({"member", "guest", "staff", "system"})
_SOURCE: Final = msgspec.json.Decoder(ThreadState)

Place = tuple[Any, ...]
"""A place in one of the orders: `(ms, name)` by activity, `(ms, n, partition)` by opening. Greater ones come first."""


class _Listed(NamedTuple):
    """A thread in a list."""

    place: Place
    name: str


class _Told(NamedTuple):
    """A thread in the views: its public JSON, and its state without comments."""

    public: bytes
    state: ThreadState


async def threads(served: Served, site: str, query: ThreadsQuery) -> PageAnswer:
    """A site's threads. Raises BadCursor, and Unavailable if older views cannot be sorted in the requested order.

    If few match, a response may hold fewer than `limit` and still have `next`.
    """
    mark = cursors.mark("threads", site, query.url, query.status, query.order, query.opened_by, query.limit)
    after = _after(query, mark)
    asks: Callable[[Place | None], Awaitable[tuple[list[_Listed], bool]]]
    asks = partial(_of_article if query.url is not None else _ORDERS[query.order], served, site, query)
    listed: list[tuple[str, _Told]] = []
    looked = 0
    while True:
        some, more = await asks(after)
        told = await _told(served, site, [one.name for one in some])
        for one in some:
            if len(listed) == query.limit:
                more = True
                break
            after = one.place
            found = told.get(one.name)
            if found is not None and _is_wanted(found, query):
                listed.append((one.name, found))
        looked += len(some)
        if not more or len(listed) == query.limit or looked >= LOOKED_THROUGH:
            break
    waiting = await _waiting(served, site, [name for name, _ in listed])
    following = cursors.write(mark, *after) if more and after else None
    return answer({"threads": [_row(told, *waiting[name]) for name, told in listed], "next": following})


def _after(query: ThreadsQuery, mark: str) -> Place | None:
    if query.cursor is None:
        return None
    if query.order == "opened":
        return tuple(map(int, cursors.read(query.cursor, mark, _OPENED_PLACE)))
    ms, name = cursors.read(query.cursor, mark, _ACTIVITY_PLACE)
    return int(ms), name


def _is_wanted(told: _Told, query: ThreadsQuery) -> bool:
    if query.status not in (None, told.state.status):
        return False
    if query.opened_by is None:
        return True
    by = told.state.opened_by
    return by is not None and query.opened_by == (by.kind if query.opened_by in _KINDS else by.id)


def _row(told: _Told, pending: int, reported: int) -> Raw:
    state, by = told.state, told.state.opened_by
    opened = state.opened or START
    more = {
        "opened_at": rfc3339(opened.ms if state.opened_at is None else state.opened_at),
        "opened_by": None if by is None else {"kind": by.kind, "id": by.id},
        "written_at": rfc3339(state.now),
        "waiting": {"pending": pending, "reported": reported},
    }
    return Raw(b"%b,%b" % (told.public[:-1], msgspec.json.encode(more)[1:]))


async def _told(served: Served, site: str, names: Sequence[str]) -> dict[str, _Told]:
    """Read threads from the views. Threads that do not exist are absent."""
    by_partition = _by_partition(served, site, names)
    asked = [Question(one, partial(_metas, one, site, some)) for one, some in by_partition.items()]
    found: dict[str, _Told] = {}
    for some, reply in zip(by_partition.values(), await served.commands_of(asked), strict=True):
        for name, (public, source) in zip(some, reply.parts, strict=True):
            if public is not None and source is not None:
                found[name] = _Told(public, _SOURCE.decode(source))
    return found


def _metas(partition: Partition, site: str, names: Sequence[str], generation: int) -> list[CommandParts]:
    return [("HMGET", partition.thread_views(generation, site, name).meta, "public", "source") for name in names]


async def _waiting(served: Served, site: str, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """The numbers of pending and of reported comments, by thread."""

    async def ask(partition: Partition, some: list[str]) -> dict[str, tuple[int, int]]:
        reply = await served.partition(
            _WAITING,
            partition,
            lambda g: [partition.site_view(g, site, view) for view in ("pending", "reported")],
            some,
        )
        return dict(zip(some, zip(reply.parts[::2], reply.parts[1::2], strict=True), strict=True))

    parts = await gathered([partial(ask, one, some) for one, some in _by_partition(served, site, names).items()])
    return {name: counts for part in parts for name, counts in part.items()}


def _by_partition(served: Served, site: str, names: Sequence[str]) -> dict[Partition, list[str]]:
    found: dict[Partition, list[str]] = {}
    for name in dict.fromkeys(names):
        found.setdefault(served.keys.of(site, name), []).append(name)
    return found


async def _by_activity(
    served: Served, site: str, query: ThreadsQuery, after: Place | None
) -> tuple[list[_Listed], bool]:
    """A page of threads by activity, and whether there are more."""

    async def ask(partition: Partition) -> list[_Listed]:
        reply = await served.partition(
            _THREADS,
            partition,
            lambda g: [partition.site_view(g, site, "threads")],
            ["+inf" if after is None else after[0], query.limit + 1],
        )
        lines = (line.split(" ") for line in reply.parts[0].decode().splitlines())
        return [_Listed((int(ms), name), name) for ms, name in lines]

    return _merged(await gathered([partial(ask, one) for one in served.keys]), after, query.limit)


async def _by_opening(
    served: Served, site: str, query: ThreadsQuery, after: Place | None
) -> tuple[list[_Listed], bool]:
    """A page of threads by opening, and whether there are more."""

    async def ask(partition: Partition) -> list[_Listed]:
        if not await _has_opened(served, partition):
            return await _unordered(served, partition, site)
        reply = await served.partition(
            _OPENED,
            partition,
            lambda g: [partition.site_view(g, site, "opened")],
            [_from(after, partition), query.limit + 1],
        )
        lines = (line.split(" ") for line in reply.parts[0].decode().splitlines())
        return [_Listed((int(ms), int(n), partition.number), name) for ms, n, name in lines]

    return _merged(await gathered([partial(ask, one) for one in served.keys]), after, query.limit)


def _from(after: Place | None, partition: Partition) -> str:
    if after is None:
        return "+"
    ms, n, number = after
    at = f"{ms:015d} {n:012d}"
    # At an equal position, a partition with a smaller number comes later in the list.
    return f"[{at}!" if partition.number < number else f"({at}"


async def _has_opened(served: Served, partition: Partition) -> bool:
    """True if every version that wrote these views keeps the order by opening."""
    reply = await served.commands(
        partition, lambda g: [("GET", partition.cursor(g)), ("SMEMBERS", partition.versions(g))]
    )
    cursor, members = reply.parts
    return kept(cursor) == START or (bool(members) and all("opened" in one.layout for one in decode(members)))


async def _unordered(served: Served, partition: Partition, site: str) -> list[_Listed]:
    """All threads of a partition, for views by an older version without an order by opening. Raises Unavailable."""
    reply = await served.commands(
        partition, lambda g: [("ZRANGE", partition.site_view(g, site, "threads"), 0, MOST_UNORDERED)]
    )
    names = [name.decode() for name in reply.parts[0]]
    if len(names) > MOST_UNORDERED:
        raise Unavailable("an earlier version made these views, and put threads in no order: `hansard rebuild` does")
    found = []
    for start in range(0, len(names), _CHUNK):
        some = names[start : start + _CHUNK]
        for name, told in (await _told(served, site, some)).items():
            opened = told.state.opened or START
            found.append(_Listed((opened.ms, opened.n, partition.number), name))
    return found


async def _of_article(
    served: Served, site: str, query: ThreadsQuery, after: Place | None
) -> tuple[list[_Listed], bool]:
    """The threads of one article in list order, without a limit: they are few."""
    given = query.url or ""
    # Addresses are stored normalised, except those stored before normalisation existed.
    forms = list(dict.fromkeys((normalised(given) or given, given)))

    async def ask(partition: Partition) -> list[str]:
        reply = await served.commands(
            partition,
            lambda g: [("ZRANGEBYLEX", partition.site_view(g, site, "urls"), f"[{u} ", f"({u}!") for u in forms],
        )
        return [member.rpartition(b" ")[2].decode() for part in reply.parts for member in part]

    parts = await gathered([partial(ask, one) for one in served.keys])
    told = await _told(served, site, [name for names in parts for name in names])
    found = [_Listed(_place(served, site, name, one, query.order), name) for name, one in told.items()]
    return _merged([found], after, len(found))


def _place(served: Served, site: str, name: str, told: _Told, order: str) -> Place:
    if order == "opened":
        opened = told.state.opened or START
        return opened.ms, opened.n, served.keys.of(site, name).number
    position: Position = head_of(told.public).position
    return position.ms, name


def _merged(parts: Sequence[Sequence[_Listed]], after: Place | None, limit: int) -> tuple[list[_Listed], bool]:
    found = sorted((one for some in parts for one in some if after is None or one.place < after), reverse=True)
    return found[:limit], len(found) > limit


_ORDERS: Final = {"activity": _by_activity, "opened": _by_opening}
