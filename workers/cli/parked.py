"""`hansard parked`: list, requeue or skip past threads whose projection stopped at an event."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Annotated, Any

import anyio
import structlog
from cyclopts import App, Parameter
from msgspec import Struct

from core.application.transact import transact
from core.caller import OPERATOR
from core.domain.skip import SkipEvent
from core.events.envelope import read_or_error
from core.events.lost_content import WordsLost
from core.ids import command_key
from core.log.redis import RedisLog
from core.text.unicode import is_blank
from core.times import rfc3339
from projections.audit.records import AuditRecord, UnreadableRecord
from projections.read.parked import all_parked
from projections.read.progress import view_position
from projections.read.served_generation import Served
from projections.rebuild.requeue import foldable, requeue
from projections.views.parking import Parked
from projections.views.store import Store
from workers.cli import output
from workers.cli.event_lines import one_line, record, redacted
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Json, Where, typed
from workers.cli.target import deployment
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

parked = App(name="parked")

_log = structlog.get_logger(__name__)


class _Place(Struct, frozen=True):
    """The log and the views to work on."""

    log: RedisLog
    store: Store
    served: Served


@parked.default
def list_parked(*, json: Json = False, where: Where = NOWHERE) -> int:
    """List the parked threads: readers see them as they were before an event that cannot be applied.

    All other threads continue, and so does the log of the parked ones: nothing written to them is lost. See the event
    with `show`. After the program has been fixed, `requeue` brings the thread back. If the event itself is wrong,
    `skip` makes every process ignore it, for a reason that is recorded. If the program does not know the
    event's type, version or content scheme, a projector of a version that knows it brings the thread back by itself.

    For example:

        hansard parked

        hansard parked show sample night-train

        hansard parked requeue sample night-train

        hansard parked skip sample night-train --reason "Written by a fault of 0.1.3"
    """
    found = anyio.run(_all, where.quietly())
    for one in found:
        if json:
            output.document(_document(one))
        else:
            output.line(f"{one.site}/{one.thread}  {one.position}  {one.type}  since {rfc3339(one.since)}  {one.fault}")
    if not found and not json:
        output.line("no thread is parked")
    return 0


@parked.command
def show(site: str, thread: str, /, *, json: Json = False, where: Where = NOWHERE) -> int:
    """Show the event at which a thread is parked, as `hansard replay` does, and whether it can be applied now.

    For example:

        hansard parked show sample night-train

        hansard parked show sample night-train --json | jq .event.data
    """
    one, partition, event, now = anyio.run(_show, where.quietly(), site, thread)
    if json:
        output.document({"parked": _document(one), "event": event, "now": None if now is None else _document(now)})
        return 0
    output.line(f"{site}/{thread} is parked since {rfc3339(one.since)}, at")
    output.line(one_line(event, partition))
    if now is None:
        output.line(f"It can be applied now: hansard parked requeue {site} {thread}")
    elif now.position == one.position:
        output.line(f"It cannot be applied: {now.fault}")
    else:
        output.line(f"It can be applied now, but a later event cannot: {now}")
    return 0


@parked.command(name="requeue")
def requeue_thread(site: str, thread: str, /, *, json: Json = False, where: Where = NOWHERE) -> int:
    """Fold a parked thread again from its log, so that readers see all of it.

    If this event still cannot be applied, or a later one cannot, the thread stays parked at that event, and the exit
    status is 1. A projector has to run.

    For example:

        hansard parked requeue sample night-train
    """
    return _report(site, thread, anyio.run(_requeue, where.quietly(), site, thread), json=json)


@parked.command
def skip(
    site: str,
    thread: str,
    /,
    *,
    reason: Annotated[str, Parameter(help="Reason for the skip. It stays in the record.")],
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Make every process ignore the event at which a thread is parked, and requeue the thread.

    The event stays in the log. The skip and its reason are an event of their own there. A skip cannot be undone. If a
    later event cannot be applied, the thread is parked again, and the exit status is 1.

    For example:

        hansard parked skip sample night-train --reason "Written by a fault of 0.1.3"
    """
    reason = typed(reason)
    if is_blank(reason):
        raise UsedWrongly("--reason needs text that can be read")
    return _report(site, thread, anyio.run(_skip, where.quietly(), site, thread, reason), json=json)


@asynccontextmanager
async def _place(settings: Settings) -> AsyncIterator[_Place]:
    async with deployment(settings) as opened:
        yield _Place(RedisLog(opened), Store(opened.calls, opened.reads, opened.keys), Served(opened))


async def _all(settings: Settings) -> list[Parked]:
    async with _place(settings) as place:
        return await all_parked(place.served)


async def _show(
    settings: Settings, site: str, thread: str
) -> tuple[Parked, int, AuditRecord | UnreadableRecord, Parked | None]:
    """The parked thread, its partition, the event there, and the fault that would park it now, if any."""
    async with _place(settings) as place:
        one = await _parked(place, site, thread)
        partition = place.store.keys.of(site, thread).number
        entry = await place.log.entry(partition, one.position)
        if entry is None:
            raise Failed(f"{site}/{thread} is parked at {one.position}, which the log lacks: it is a different log")
        event = record(partition, read_or_error(*entry), await redacted(place.log, [partition]))
        _, now = await foldable(place.log, site, thread, _now())
        return one, partition, event, now


async def _requeue(settings: Settings, site: str, thread: str) -> Parked | None:
    async with _place(settings) as place:
        return await _brought_back(place, await _parked(place, site, thread))


async def _skip(settings: Settings, site: str, thread: str, reason: str) -> Parked | None:
    async with _place(settings) as place:
        one = await _parked(place, site, thread)
        at = str(one.position)
        # A key of its own: after a lost reply, the retry appends no second event.
        key = command_key(site, OPERATOR.id, "skip", f"{thread}@{at}", token_hex(8))
        command = SkipEvent(position=at, reason=reason, parked=at)
        await transact(place.log, command, site=site, thread=thread, caller=OPERATOR, key=key)
        _log.warning("event_skipped", site=site, thread=thread, position=at)
        return await _brought_back(place, one)


async def _brought_back(place: _Place, one: Parked) -> Parked | None:
    try:
        still = await requeue(place.log, place.store, place.served, one, now=_now())
    except WordsLost as error:
        raise Failed(str(error)) from error
    if still is None:
        _log.info("thread_requeued", site=one.site, thread=one.thread)
    return still


async def _parked(place: _Place, site: str, thread: str) -> Parked:
    found = (await view_position(place.served, site, thread)).parked
    if found is None:
        raise Failed(f"{site}/{thread} is not parked")
    return found


def _report(site: str, thread: str, still: Parked | None, *, json: bool) -> int:
    if json:
        output.document({"site": site, "thread": thread, "parked": None if still is None else _document(still)})
    elif still is None:
        output.line(f"{site}/{thread} is no longer parked")
    else:
        raise Failed(f"{site}/{thread} is parked: {still}")
    return 0 if still is None else 1


def _document(one: Parked) -> dict[str, Any]:
    return {
        "site": one.site,
        "thread": one.thread,
        "position": str(one.position),
        "type": one.type,
        "fault": one.fault,
        "since": rfc3339(one.since),
    }


def _now() -> int:
    return time.time_ns() // 1_000_000
