"""Lists of a site's threads, by last activity or by opening time.

Activity moves a thread to the front, so a reader may miss it during writes. The order by opening never changes.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Raw

from core.concurrency import gathered
from core.domain.origins import normalised
from core.keys import Partition
from core.position import START
from core.redis.script import Script
from core.refusals import Unavailable
from core.times import rfc3339
from projections.read import cursors, listing
from projections.read.comments import answer
from projections.read.listing import Listed, Place
from projections.read.queries import PageAnswer, ThreadsQuery
from projections.read.served_generation import CommandParts, PartitionCommands, Served
from projections.thread.state import ThreadState
from projections.views.listings.listing import ThreadListing
from projections.views.listings.opened import OPENED
from projections.views.listings.pending import PENDING
from projections.views.listings.reported import REPORTED
from projections.views.listings.threads import THREADS
from projections.views.listings.urls import URLS

MOST_EXAMINED: Final = 2000
"""Maximum threads examined per request when a filter matches few."""
MOST_UNORDERED: Final = 20_000
"""Maximum threads per partition sorted by the caller, if older views do not have the order."""

_ORDERS: Final[dict[str, ThreadListing]] = {"activity": THREADS, "opened": OPENED}
_WAITING: Final = Script("projections.read", "count_waiting")
_CHUNK: Final = 500
_KINDS: Final = frozenset({"member", "guest", "staff", "system"})
_SOURCE: Final = msgspec.json.Decoder(ThreadState)


class _StoredThread(NamedTuple):
    """A thread in the views: its public JSON, and its state without comments."""

    public: bytes
    state: ThreadState


async def threads(served: Served, site: str, query: ThreadsQuery) -> PageAnswer:
    """A site's threads. Raises BadCursor, and Unavailable if older views cannot be sorted in the requested order.

    If few match, a response may hold fewer than `limit` and still have `next`.
    """
    filters = query.url, query.status, query.order, query.opened_by, query.limit
    mark = cursors.mark("threads", site, *filters, *(() if query.label is None else (query.label,)))
    order = _ORDERS[query.order]
    after = listing.place(order, query.cursor, mark)
    read_page: Callable[[Place | None], Awaitable[tuple[list[Listed], bool]]]
    read_page = partial(_in_order if query.url is None else _of_article, served, site, query, order)
    listed: list[tuple[str, _StoredThread]] = []
    examined = 0
    while True:
        members, more = await read_page(after)
        names = [order.thread_of(one.member) for one in members]
        stored = await _read(served, site, names)
        for one, name in zip(members, names, strict=True):
            if len(listed) == query.limit:
                more = True
                break
            after = one.place
            found = stored.get(name)
            if found is not None and _is_wanted(found, query):
                listed.append((name, found))
        examined += len(members)
        if not more or len(listed) == query.limit or examined >= MOST_EXAMINED:
            break
    waiting = await _waiting(served, site, [name for name, _ in listed])
    following = cursors.write(mark, *after) if more and after else None
    return answer({"threads": [_row(stored, *waiting[name]) for name, stored in listed], "next": following})


def _is_wanted(stored: _StoredThread, query: ThreadsQuery) -> bool:
    if query.label is not None and query.label not in stored.state.labels:
        return False
    if query.status not in (None, stored.state.status):
        return False
    if query.opened_by is None:
        return True
    by = stored.state.opened_by
    return by is not None and query.opened_by == (by.kind if query.opened_by in _KINDS else by.id)


def _row(stored: _StoredThread, pending: int, reported: int) -> Raw:
    state, by = stored.state, stored.state.opened_by
    opened = state.opened or START
    more = {
        **_unverified_title(state),
        "opened_at": rfc3339(opened.ms if state.opened_at is None else state.opened_at),
        "opened_by": None if by is None else {"kind": by.kind, "id": by.id},
        "written_at": rfc3339(state.now),
        "waiting": {"pending": pending, "reported": reported},
    }
    return Raw(b"%b,%b" % (stored.public[:-1], msgspec.json.encode(more)[1:]))


def staff_thread(state: ThreadState) -> dict[str, Any]:
    """A thread as staff see it beside one of its comments."""
    return {
        "id": state.id,
        "title": state.public_title,
        **_unverified_title(state),
        "url": state.url,
        "labels": state.labels,
    }


def _unverified_title(state: ThreadState) -> dict[str, str]:
    """The title that only staff see; nothing once everyone sees it."""
    return {"unverified_title": state.title} if state.unverified else {}


async def states(served: Served, site: str, names: Sequence[str]) -> dict[str, ThreadState]:
    """The states of threads without their comments. Threads that do not exist are absent."""
    return {name: stored.state for name, stored in (await _read(served, site, names)).items()}


async def _read(served: Served, site: str, names: Sequence[str]) -> dict[str, _StoredThread]:
    """Read threads from the views. Threads that do not exist are absent."""
    by_partition = _by_partition(served, site, names)
    queries = [PartitionCommands(one, partial(_metas, one, site, chunk)) for one, chunk in by_partition.items()]
    found: dict[str, _StoredThread] = {}
    for chunk, reply in zip(by_partition.values(), await served.commands_of(queries), strict=True):
        for name, (public, source) in zip(chunk, reply.parts, strict=True):
            if public is not None and source is not None:
                found[name] = _StoredThread(public, _SOURCE.decode(source))
    return found


def _metas(partition: Partition, site: str, names: Sequence[str], generation: int) -> list[CommandParts]:
    return [("HMGET", partition.thread_views(generation, site, name).meta, "public", "source") for name in names]


async def _waiting(served: Served, site: str, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """The numbers of pending and of reported comments, by thread."""

    async def count(partition: Partition, chunk: list[str]) -> dict[str, tuple[int, int]]:
        reply = await served.partition(
            _WAITING,
            partition,
            lambda g: [partition.listing(g, site, queue.name) for queue in (PENDING, REPORTED)],
            chunk,
        )
        return dict(zip(chunk, zip(reply.parts[::2], reply.parts[1::2], strict=True), strict=True))

    parts = await gathered([partial(count, one, chunk) for one, chunk in _by_partition(served, site, names).items()])
    return {name: counts for part in parts for name, counts in part.items()}


def _by_partition(served: Served, site: str, names: Sequence[str]) -> dict[Partition, list[str]]:
    found: dict[Partition, list[str]] = {}
    for name in dict.fromkeys(names):
        found.setdefault(served.keys.of(site, name), []).append(name)
    return found


async def _in_order(
    served: Served, site: str, query: ThreadsQuery, order: ThreadListing, after: Place | None
) -> tuple[list[Listed], bool]:
    """A page of threads, and a flag that is set if there are more."""
    unordered = partial(_unordered, served, site, order)
    return await listing.page(served, site, order, after, query.limit, without=unordered)


async def _unordered(served: Served, site: str, order: ThreadListing, partition: Partition) -> list[Listed]:
    """All threads of a partition, for views by an older version without this order. Raises Unavailable."""
    reply = await served.commands(
        partition, lambda g: [("ZRANGE", partition.listing(g, site, THREADS.name), 0, MOST_UNORDERED)]
    )
    names = [name.decode() for name in reply.parts[0]]
    if len(names) > MOST_UNORDERED:
        raise Unavailable("an earlier version made these views, without this order: run `hansard rebuild`")
    found = []
    for start in range(0, len(names), _CHUNK):
        found += _placed(served, site, order, await _read(served, site, names[start : start + _CHUNK]))
    return found


async def _of_article(
    served: Served, site: str, query: ThreadsQuery, order: ThreadListing, after: Place | None
) -> tuple[list[Listed], bool]:
    """The threads of one article in list order, without a limit: they are few."""
    url = query.url or ""
    # Addresses are stored normalised, except those stored before normalisation existed.
    forms = dict.fromkeys((normalised(url) or url, url))
    names = [URLS.thread_of(member) for member in await listing.members(served, site, URLS, *forms)]
    found = _placed(served, site, order, await _read(served, site, names))
    return listing.merged([found], after, len(found))


def _placed(served: Served, site: str, order: ThreadListing, stored: dict[str, _StoredThread]) -> list[Listed]:
    """Threads at their places in an order, derived from their states."""
    return [
        listing.listed(order, served.keys.of(site, name), member, score)
        for name, one in stored.items()
        if one.state.opened is not None
        for member, score in order.of_thread(one.state)
    ]
