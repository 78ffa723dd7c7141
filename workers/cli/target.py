"""The server of a command: the given one, that of a running `hansard up`, or one started over its data."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.exceptions import RedisError

from core.formats import FORMATS, Formats
from core.log.port import Log
from core.log.redis import RedisLog
from core.position import Position
from core.redis.deployment import Deployment, open_deployment, recorded_partitions
from core.redis.errors import own_server
from core.refusals import NotFound
from projections.read.progress import view_position
from projections.read.served_generation import Served
from workers.cli import output
from workers.embedded import server as embedded
from workers.runtime.process import Failed
from workers.runtime.settings import Settings


@asynccontextmanager
async def server(settings: Settings, *, start: bool = True) -> AsyncIterator[str]:
    """URL of the server that these settings name.

    If `hansard up` does not run, a server is started over its data until the block ends, unless `start` is false.
    Raises Failed if there is no data, or no server and `start` is false.
    """
    if settings.redis_url is not None:
        yield settings.redis_url
        return
    own_server()
    running = await embedded.find(settings.data)
    if running is not None:
        yield running
        return
    if not (settings.data / "server").is_dir():
        raise Failed(f"There is no data in {settings.data}: start `hansard up`, or give --data or --redis-url")
    if not start:
        raise Failed(f"`hansard up` is not running on {settings.data}: start it, or give --redis-url")
    async with embedded.running(settings.data) as started:
        yield started.url


@asynccontextmanager
async def deployment(
    settings: Settings, *, start: bool = True, formats: Formats = FORMATS
) -> AsyncIterator[Deployment]:
    """The deployment that these settings name, with the number of partitions that it was created with.

    Creates no deployment. Raises Failed if there is none, and the errors of `open_deployment`.
    """
    async with server(settings, start=start) as url:
        partitions = await _recorded(url)
        async with open_deployment(url, partitions=partitions, formats=formats) as opened:
            yield opened


@asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[tuple[Log, Served]]:
    """The log and the views of the deployment that these settings name, for one query."""
    async with deployment(settings) as opened:
        yield RedisLog(opened), Served(opened)


async def last_of(log: Log, served: Served, site: str, thread: str) -> Position:
    """Position of the last event of a thread. Prints a note if the views lag behind it. Raises NotFound."""
    last = await log.thread_last(site, thread)
    if last is None:
        raise NotFound("there is no such thread")
    views_at = await view_position(served, site, thread)
    if views_at.parked is not None:
        at = views_at.parked.position
        output.note(f"hansard: the views stop before {at}: see `hansard parked show {site} {thread}`")
    elif views_at.cursor < last:
        behind = f"at {views_at.cursor} and not at {last}"
        output.note(f"hansard: the views are behind the log, {behind}: is a projector running?")
    return last


async def _recorded(url: str) -> int:
    try:
        recorded = await recorded_partitions(url)
    except RedisError as error:
        raise Failed(f"Redis does not answer: {error}") from error
    if recorded is None:
        raise Failed("There is no deployment on this server yet: start `hansard up` or `hansard gateway` to create one")
    return recorded
