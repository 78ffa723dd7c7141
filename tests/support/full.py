"""Ways in which a server takes no more writes until there is room again.

Each takes the URL of a server, started with `EVERYSEC` where the disk is what is full, and is a block in which it is.
"""

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from redis import Redis
from redis.exceptions import ResponseError

from tests.support.servers import client

EVERYSEC: Final = ("--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0")


@contextmanager
def no_memory(url: str) -> Iterator[None]:
    """`maxmemory` is reached."""
    with _set(url, "maxmemory", "1", "0"):
        yield


@contextmanager
def no_replicas(url: str) -> Iterator[None]:
    """Fewer replicas are there than must be."""
    with _set(url, "min-replicas-to-write", "1", "0"):
        yield


@contextmanager
def no_disk(url: str) -> Iterator[None]:
    """The append-only file of a server with `EVERYSEC` cannot grow: it has met that already when the block begins."""
    with client(url) as redis:
        process = redis.info("server")["process_id"]
        bound_files(process, 0)
        try:
            while _takes_writes(redis):
                pass
            yield
        finally:
            bound_files(process, None)
        # It tries again by itself, once a second.
        while not _takes_writes(redis):
            pass


def bound_files(process: int, size: int | None) -> None:
    """Let no file of this process, and of those that it starts, grow beyond so many bytes; None lifts the bound.

    Processes that Python started in workers/embedded/die_with_parent.py ignore the signal for that, so their writes
    fail instead.
    """
    _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


def _takes_writes(redis: Redis) -> bool:
    try:
        redis.set("padding", "x")
    except ResponseError:
        return False  # with this server's flags, of which nothing else refuses it
    return True


@contextmanager
def _set(url: str, name: str, full: str, room: str) -> Iterator[None]:
    with client(url) as redis:
        redis.config_set(name, full)
        try:
            yield
        finally:
            redis.config_set(name, room)


WAYS: Final[dict[str, Callable[[str], AbstractContextManager[None]]]] = {
    "memory": no_memory,
    "disk": no_disk,
    "replicas": no_replicas,
}
