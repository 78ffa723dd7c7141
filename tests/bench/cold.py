"""A page that no process has in its memory: of very many threads, each asked for once.

The views of one thread are made as they always are and then copied under other names, because 100,000 threads of 14
comments would take minutes to write. A page needs the views alone.
"""

import random
from collections.abc import Mapping
from typing import Final, cast

from redis import Redis

from core.keys import Keys, Partition
from core.redis.connection import pack
from core.redis.deployment import open_deployment
from projections.views.changes import Change
from projections.views.pointer import FIRST
from tests.bench import http
from tests.bench.asks import Get
from tests.bench.copying import PARTITIONS
from tests.bench.figures import Figure, Target
from tests.bench.filling import Fill
from tests.bench.people import ROOT, SITE
from tests.bench.processes import constant, hansard, server
from tests.bench.projecting import project
from tests.bench.stage import Stage
from tests.support.servers import client

READERS: Final = 32
ROWS: Final = 14
ALONE: Final = 50
"""Pages that one reader asks for, to count how often the gateway asks Redis."""
OK: Final = 200
_AT_ONCE: Final = 500


async def measure(stage: Stage) -> list[Figure]:
    """The rate beside a constant answer, and how many round trips to Redis a page needs."""
    with server(stage.cores.rest) as url:
        threads = await _made(url, stage.sizes.cold)
        random.Random(1).shuffle(threads)
        with hansard("gateway", url, stage.cores.own, DURABILITY="memory") as gateway:
            return await _driven(stage, gateway.url, url, threads)


async def _made(url: str, number: int) -> list[str]:
    """The threads, all with views."""
    names = [f"cold{at:07d}" for at in range(number)]
    async with open_deployment(url, partitions=PARTITIONS) as deployment:
        fill = Fill(deployment)
        await fill.site()
        await fill.open(names[:1])
        await fill.comments(names[:1], ROWS)
        await project(deployment)
    _copy(url, names)
    return names


def _copy(url: str, names: list[str]) -> None:
    """Make what the first of these threads has for all the others, whose names are as long."""
    keys = Keys(PARTITIONS)
    first = names[0].encode()
    with client(url) as connection:
        # Nothing that is measured here writes; the disk need not have gigabytes of copies.
        connection.config_set("appendonly", "no")
        at = connection.get(keys.of(SITE, names[0]).cursor(FIRST.generation))
        for partition in keys:
            connection.set(partition.cursor(FIRST.generation), at, nx=True)
        there = _contents(connection, keys.of(SITE, names[0]), names[0])
        packed = [_packed(partition, names[0], there) for partition in keys]
        before = connection.dbsize()
        # Another name is the same bytes with that name in them: packed once a partition, whose keys have its tag.
        link = connection.connection_pool.get_connection()
        for start in range(1, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            copies = b"".join(packed[keys.of(SITE, name).number].replace(first, name.encode()) for name in some)
            link.send_packed_command([copies])
            for _ in range(len(some) * len(there)):
                link.read_response()
        connection.connection_pool.release(link)
        assert connection.dbsize() - before == (len(names) - 1) * len(there)


def _contents(connection: Redis, partition: Partition, thread: str) -> dict[str, Change]:
    """What makes the views that a thread has, by their names."""
    there: dict[str, Change] = {}
    for name, key in partition.thread_views(FIRST.generation, SITE, thread)._asdict().items():
        match connection.type(key):
            case b"hash":
                fields = connection.hgetall(key).items()
                there[name] = Change("HSET", key, [part for pair in fields for part in pair])
            case b"zset":
                scores = cast("list[tuple[bytes, float]]", connection.zrange(key, 0, -1, withscores=True))
                there[name] = Change("ZADD", key, [part for member, score in scores for part in (str(score), member)])
            case _:
                pass  # a view without anything in it has no key
    return there


def _packed(partition: Partition, thread: str, there: Mapping[str, Change]) -> bytes:
    views = partition.thread_views(FIRST.generation, SITE, thread)
    return pack([(one.command, getattr(views, name), *one.arguments) for name, one in there.items()])


async def _driven(stage: Stage, gateway: str, redis: str, threads: list[str]) -> list[Figure]:
    paths = [f"{ROOT}/threads/{thread}" for thread in threads]
    example = await http.asked(gateway, http.request("GET", paths.pop()))
    rates, constants, trips = [], [], []
    share = len(paths) // stage.sizes.rounds
    with constant(stage.cores.own, {"/": example}) as nothing:
        for number in range(stage.sizes.rounds):
            some = paths[number * share : (number + 1) * share]
            alone = [some.pop() for _ in range(min(ALONE, share // 2))]
            constants.append((await stage.load.constant(nothing.url, READERS, stage.sizes.load)).rate)
            load = await stage.load.turns(gateway, Get(paths=tuple(some)), READERS, stage.sizes.load)
            assert not load.others(OK), load
            rates.append(load.rate)
            trips.append(await _trips(gateway, redis, alone))
    return [
        Figure(
            name=f"page not cached in any process, {len(threads):,} threads of {ROWS} comments, {READERS} readers",
            unit="pages/s",
            measured=tuple(rates),
            limit_name="constant response",
            limit=tuple(constants),
            target=Target(of="ratio", at_least=0.2),
        ),
        Figure(
            name="the same, round trips to Redis per page",
            unit="",
            measured=tuple(trips),
            target=Target(of="measured", at_most=1.05),  # now and then the gateway asks how the server is
        ),
    ]


async def _trips(gateway: str, redis: str, paths: list[str]) -> float:
    """How often the server reads a question for each of these pages, which are asked for one after the other."""
    line = await http.connected(gateway)
    with client(redis) as connection:
        before = connection.info("stats")["total_reads_processed"]
        for path in paths:
            answer = await line.ask(http.request("GET", path))
            assert answer.status == OK, answer
        # The second look is a question, too.
        read = connection.info("stats")["total_reads_processed"] - before - 1
    line.close()
    return float(read / len(paths))
