"""`hansard thread`: a thread as text."""

import time
from typing import Annotated, Any

import anyio
import msgspec
from cyclopts import Parameter

from core.log.port import Log
from core.moment import parse_moment
from core.position import Position
from core.refusals import NotFound
from projections.read import pages
from projections.read.past import page_at
from projections.read.queries import PageAnswer, PageQuery, RepliesQuery, Sort
from projections.read.served_generation import Served
from projections.views.viewer import PUBLIC, Viewer
from workers.cli import output
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import last_of, reading
from workers.runtime import escaping
from workers.runtime.settings import Settings

WIDEST = PageQuery(limit=200, depth=50, replies=200)


def thread(
    site: str,
    thread: str,
    /,
    *,
    at: Annotated[
        str | None, Parameter(help="Show the thread as it was then: a time (2026-10-12T09:30:00Z) or a position.")
    ] = None,
    sort: Annotated[Sort, Parameter(help="Order of the top-level comments.")] = "newest",
    staff: Annotated[
        bool, Parameter(negative="", help="With --at: include what is no longer public. Redacted text is gone.")
    ] = False,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Show a whole thread as text, as it is now or as it was.

    Replies are indented below their parent. A comment that is not public is shown only if it has a public
    reply.

    For example:

        hansard thread sample night-train

        hansard thread sample night-train --sort top

        hansard thread sample night-train --at 2026-10-12T09:30:00Z

        hansard thread sample night-train --json | jq .thread
    """
    moment = None if at is None else _moment(at)
    if isinstance(moment, int) and moment > time.time() * 1000:
        raise UsedWrongly(f"--at {at} is in the future")
    if staff and moment is None:
        raise UsedWrongly("--staff needs --at: the present page is the same for everyone")
    page = anyio.run(_whole, where.quietly(), site, thread, moment, sort, Viewer(staff=True) if staff else PUBLIC)
    if json:
        output.document(page)
    else:
        from workers.cli import wording

        wording.show_thread(output.console(), escaping.document(page))
    return 0


def _moment(text: str) -> Position | int:
    try:
        return parse_moment(text)
    except ValueError as error:
        raise UsedWrongly(f"--at takes a time (2026-10-12T09:30:00Z) or a position (<ms>-<n>), not {text!r}") from error


async def _whole(
    settings: Settings,
    site: str,
    thread: str,
    at: Position | int | None,
    sort: Sort,
    viewer: Viewer,
) -> dict[str, Any]:
    async with reading(settings) as (log, served):
        last = await last_of(log, served, site, thread)
        if isinstance(at, Position) and at > last:
            raise UsedWrongly(f"--at {at} is later than the last event of the thread, {last}")
        source = _Now(served, site, thread) if at is None else _Past(served, log, site, thread, at, viewer)
        page = await source.page(msgspec.structs.replace(WIDEST, sort=sort))
        await _fill(source, page, sort)
        return page


async def _fill(source: "_Now | _Past", page: dict[str, Any], sort: Sort) -> None:
    """Follow every cursor until the page is complete."""
    while page["next"]:
        more = await source.page(msgspec.structs.replace(WIDEST, sort=sort, cursor=page["next"]))
        page["comments"] += more["comments"]
        page["next"] = more["next"]
    rows = list(page["comments"])
    while rows:
        row = rows.pop()
        replies = row["replies"]
        while replies["next"]:
            more = await source.replies(row["id"], replies["next"], sort)
            replies["comments"] += more["comments"]
            replies["next"] = more["next"]
        rows += replies["comments"]


class _Now:
    """Pages of a thread as it is now."""

    def __init__(self, served: Served, site: str, thread: str) -> None:
        self._served = served
        self._where = site, thread

    async def page(self, query: PageQuery) -> dict[str, Any]:
        """A page of the thread. Raises NotFound."""
        return _read(await pages.page(self._served, *self._where, query))

    async def replies(self, comment: str, cursor: str, _: str) -> dict[str, Any]:
        """More replies to a row, from a cursor of its page."""
        query = RepliesQuery(limit=200, depth=50, cursor=cursor)
        return _read(await pages.replies(self._served, *self._where, comment, query))


class _Past:
    """Pages of a thread as it was at a moment."""

    def __init__(self, served: Served, log: Log, site: str, thread: str, at: Position | int, viewer: Viewer) -> None:
        self._where = served, log, site, thread, at
        self._viewer = viewer

    async def page(self, query: PageQuery) -> dict[str, Any]:
        """A page of the thread. Raises NotFound, NotYetOpened."""
        return _read((await page_at(*self._where, query, self._viewer)).answer)

    async def replies(self, _: str, cursor: str, sort: Sort) -> dict[str, Any]:
        """More replies to a row. For the past, the cursor continues the page itself."""
        return await self.page(msgspec.structs.replace(WIDEST, sort=sort, cursor=cursor))


def _read(answer: PageAnswer | None) -> dict[str, Any]:
    if answer is None:
        raise NotFound("there is no such thread")
    page: dict[str, Any] = msgspec.json.decode(answer.body)
    return page
