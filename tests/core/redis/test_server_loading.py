"""A server that reads its data after a start: waited for, and said to be loading."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from redis import exceptions
from redis.exceptions import BusyLoadingError, RedisError
from structlog.testing import capture_logs

from core.keys import Keys
from core.log.redis import RedisLog
from core.redis.deployment import open_deployment
from core.redis.errors import retry
from core.redis.server_loading import LoadingWait
from core.redis.slots import slot_of
from core.refusals import Unavailable
from tests.support.clusters import Cluster, Node, cluster, free_ports, until
from tests.support.logs import HERE, PARTITIONS, append, event, thread_in, write
from tests.support.program import here
from tests.support.servers import client, engines

KEYS = 6000
"""With SLOW, the data takes a minute; no test waits for that."""
SLOW = ("--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024")
"""Microseconds for each key, and a server that answers in between."""
FILE = ("--save", "", "--appendonly", "yes", "--appendfsync", "always")


def fill(node: Node, names: str) -> None:
    """Give it data that takes a while to load: in one file of snapshots, which is read key by key."""
    with client(node.url) as redis:
        with redis.pipeline(transaction=False) as pipe:
            for number in range(KEYS):
                pipe.set(f"{names}:{number}", os.urandom(1100))
            pipe.execute()
        redis.execute_command("BGREWRITEAOF")
        until(lambda: not rewrites(redis), "the file is written anew")


def rewrites(redis: Any) -> bool:
    found = redis.info("persistence")
    return bool(found["aof_rewrite_in_progress"] or found["aof_rewrite_scheduled"])


def let_load(*nodes: Node) -> None:
    """Have them read the rest at once."""
    for node in nodes:
        with client(node.url) as redis:
            redis.config_set("key-load-delay", 0)


@contextmanager
def server(home: Path) -> Iterator[Node]:
    """A server that is slow to load, with a deployment's worth of data."""
    (port,) = free_ports(1)
    node = Node(home, port, ["--port", str(port), "--dir", str(home), *FILE, *SLOW], engines()["embedded"])
    node.start()
    try:
        node.ready()
        yield node
    finally:
        node.kill()


@pytest.fixture
def node() -> Iterator[Node]:
    with tempfile.TemporaryDirectory(prefix="hansard-test-") as home, server(Path(home)) as node:
        yield node


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> "Seen":
    return Seen(monkeypatch)


class Seen:
    """What those who wait say: the first time that they do, the servers are let load."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waits: list[Mapping[str, str]] = []
        self.nodes: list[Node] = []
        pause = LoadingWait.pause

        async def let_go(waiting: LoadingWait, loading: Mapping[str, str]) -> None:
            if not self.waits:
                await to_thread.run_sync(lambda: let_load(*self.nodes))
            self.waits.append(loading)
            await pause(waiting, loading)

        monkeypatch.setattr(LoadingWait, "pause", let_go)


async def made(url: str) -> None:
    """Have a deployment there, with an event."""
    async with open_deployment(url, partitions=PARTITIONS) as deployment:
        await write(RedisLog(deployment), event(), thread=thread_in(HERE))


def is_loading(node: Node) -> bool:
    try:
        return bool(node.info()["loading"])
    except RedisError:
        return False  # it does not listen yet


def loads_again(node: Node, names: str = "filler") -> None:
    fill(node, names)
    node.kill()
    node.start()
    until(lambda: is_loading(node), "it loads its data")


async def test_a_start_waits_for_a_server_that_is_loading_and_says_so(node: Node, seen: Seen) -> None:
    await made(node.url)
    await to_thread.run_sync(loads_again, node)
    seen.nodes = [node]
    with capture_logs() as lines:
        async with open_deployment(node.url, partitions=PARTITIONS, durability="fsynced") as deployment:
            assert (await write(RedisLog(deployment), event(), thread=thread_in(HERE)))[0].n == 2
    told = [(line["event"], line.get("node")) for line in lines if line["event"].startswith("server_")]
    assert told[0] == ("server_load_awaited", node.address)
    assert told[-1] == ("server_loaded", None)
    assert "%" in lines[0]["progress"]


def test_the_doctor_says_that_it_loads_and_a_command_waits(node: Node, seen: Seen) -> None:
    loads_again(node)
    looked = here("doctor", "--redis-url", node.url, "--json")
    (loading,) = (one for one in looked.documents if one["about"] == "loading")
    assert (looked.status, loading["verdict"]) == (1, "wrong")
    assert loading["found"].startswith("its data, ")
    assert {one["about"] for one in looked.documents} == {"loading", "addresses", "files"}
    assert seen.waits == []
    seen.nodes = [node]
    done = here("verify", "--redis-url", node.url)
    assert seen.waits
    assert done.err.splitlines()[-1].startswith("hansard: There is no deployment on this server yet")


async def test_a_call_while_it_loads_is_not_available_and_says_why(node: Node) -> None:
    async with open_deployment(node.url, partitions=PARTITIONS) as deployment:
        await write(RedisLog(deployment), event(), thread=thread_in(HERE))
        await to_thread.run_sync(loads_again, node)
        with pytest.raises(Unavailable, match="Redis is loading its data"):
            await append(RedisLog(deployment, patience=2), event(), thread=thread_in(HERE), now=0)
        await deployment.record.refresh()
        assert deployment.record.unfit is None
        await to_thread.run_sync(let_load, node)
        await to_thread.run_sync(lambda: until(lambda: node.info()["loading"] == 0, "it is through"))
        await write(RedisLog(deployment), event(), thread=thread_in(HERE))


def refill(there: Cluster) -> None:
    """Have every node of a cluster load again."""
    tags = [keys.log.split(":")[1] for keys in Keys(12)]
    for node in there.nodes:
        slots = [tag for tag in tags if there.primary_of(slot_of(tag)) is node]
        fill(node, f"filler{slots[0]}")
    for node in there.nodes:
        node.kill()
    for node in there.nodes:
        node.start()
    until(lambda: all(is_loading(node) for node in there.nodes), "all of them load their data")


async def test_a_start_waits_for_a_cluster_of_which_every_node_is_loading(seen: Seen) -> None:
    with cluster(replicas=0, appendonly=True, flags=SLOW) as there:
        await made(there.url)
        await to_thread.run_sync(refill, there)
        seen.nodes = there.nodes
        async with open_deployment(there.url, partitions=PARTITIONS) as deployment:
            assert (await write(RedisLog(deployment), event(), thread=thread_in(HERE)))[0].n == 2
        assert seen.waits


async def test_a_call_whose_last_try_had_no_answer_says_why_the_ones_before_were_refused() -> None:
    errors: Iterator[RedisError] = iter([BusyLoadingError("LOADING Valkey is loading the dataset in memory")])

    async def attempt() -> None:
        raise next(errors, exceptions.TimeoutError("The server has not answered in time"))

    with pytest.raises(Unavailable, match="Redis is loading its data"):
        await retry(attempt, "append", patience=0.05)
