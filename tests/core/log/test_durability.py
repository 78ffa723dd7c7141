"""How safe a write is when it is answered, and that nothing is called safer than it is."""

from collections.abc import AsyncIterator, Iterator

import anyio
import pytest
from redis import Redis

from core.log.port import Answer, Append, Appended, Conflict, KeyReused, Repeated
from core.log.redis import RedisLog
from core.position import Position
from core.redis import confirmation
from core.redis.deployment import Deployment, open_deployment
from core.redis.errors import UnfitServer
from core.refusals import Unavailable
from tests.support.clusters import Node, Sentinels, sentinels
from tests.support.logs import PARTITIONS, SITE, THREAD, append, event, look
from tests.support.servers import client, engines, started

PROGRAMS = engines()


@pytest.fixture(scope="module", params=PROGRAMS)
def pair(request: pytest.FixtureRequest) -> Iterator[Sentinels]:
    """A primary and its replica, and nobody who would fail over."""
    with sentinels(watchers=0, program=PROGRAMS[request.param]) as there:
        yield there


@pytest.fixture
def primary(pair: Sentinels) -> Node:
    pair.nodes[0].ask("FLUSHALL")
    return pair.nodes[0]


@pytest.fixture
def replica(pair: Sentinels) -> Iterator[Node]:
    yield pair.nodes[1]
    pair.nodes[1].thaw()


@pytest.fixture
async def deployment(primary: Node) -> AsyncIterator[Deployment]:
    async with open_deployment(primary.url, partitions=PARTITIONS, durability="replicated") as deployment:
        yield deployment


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What will not come is not waited for long."""
    monkeypatch.setattr(confirmation, "REPLICATED_WITHIN", 0.05)


async def post(log: RedisLog, key: str | None = "k", digest: str = "d", head: str = "c:1") -> object:
    return await append(log, event(head), key=key, digest=digest, created=True)


async def test_what_a_replica_has_is_called_replicated(deployment: Deployment, replica: Node) -> None:
    log = RedisLog(deployment)
    outcome = await post(log)
    assert isinstance(outcome, Appended)
    assert outcome.durability == "replicated"
    with client(replica.url) as connection:
        keys = [name for name in connection.scan_iter() if b":log" in name]
        assert [connection.xlen(key) for key in keys] == [1]


@pytest.mark.usefixtures("_soon")
async def test_what_no_replica_has_is_not_called_replicated_however_often_it_is_asked_for(
    primary: Node, replica: Node
) -> None:
    replica.freeze()
    async with open_deployment(primary.url, partitions=PARTITIONS, durability="replicated") as one:
        written = await post(RedisLog(one))
        assert isinstance(written, Appended)
        assert written.durability == "memory"
        again = Repeated(Answer(written.positions, created=True, digest="d"))
        assert await post(RedisLog(one)) == again
        assert await RedisLog(one).confirm(SITE, THREAD, "k") == "memory"
    # On connections that have written nothing, whose WAIT is answered at once where a repeat writes nothing either.
    for _ in range(2):
        async with open_deployment(primary.url, partitions=PARTITIONS, durability="replicated") as other:
            log = RedisLog(other)
            assert await post(log) == again
        async with open_deployment(primary.url, partitions=PARTITIONS, durability="replicated") as other:
            assert await RedisLog(other).confirm(SITE, THREAD, "k") == "memory"
    replica.thaw()
    async with open_deployment(primary.url, partitions=PARTITIONS, durability="replicated") as other:
        log = RedisLog(other)
        while (outcome := await post(log)) == again:
            pass
        assert outcome == Repeated(again.answer, durability="replicated")
        assert await log.confirm(SITE, THREAD, "k") == "replicated"


@pytest.mark.usefixtures("_soon")
async def test_more_replicas_than_there_are_confirm_nothing(primary: Node) -> None:
    opening = open_deployment(primary.url, partitions=PARTITIONS, durability="replicated", replicas=2)
    async with opening as deployment:
        outcome = await post(RedisLog(deployment))
        assert isinstance(outcome, Appended)
        assert outcome.durability == "memory"


async def test_what_wrote_nothing_is_answered_as_ever(deployment: Deployment) -> None:
    log = RedisLog(deployment)
    first = await post(log)
    assert isinstance(first, Appended)
    assert await post(log, digest="e") == KeyReused()
    now = (await look(log)).now
    late = Append(site=SITE, thread=THREAD, expected={"c:1": None}, events=(event(),), now=now, key="l")
    assert await log.append(late) == Conflict("c:1", *first.positions)
    nothing = Append(site=SITE, thread=THREAD, expected={}, events=(), now=now, settled=Position(1, 1))
    assert await log.append(nothing) == Appended((Position(1, 1),), first.positions[-1]), "nothing was waited for"
    assert await log.confirm(SITE, THREAD, "nobody's") is None


async def test_waiting_for_a_replica_keeps_no_other_call_waiting(
    deployment: Deployment, primary: Node, replica: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmation, "REPLICATED_WITHIN", 60.0)
    log = RedisLog(deployment)
    replica.freeze()
    with client(primary.url) as connection:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(post, log)
            while not _blocked(connection):
                await anyio.lowlevel.checkpoint()
            with anyio.fail_after(30):
                await look(log)
            assert _blocked(connection), "the write still waits for its replica"
            replica.thaw()


def _blocked(connection: Redis) -> int:
    """How many clients wait on the server."""
    return int(connection.info("clients")["blocked_clients"])


async def test_what_a_disk_has_is_called_fsynced() -> None:
    flags = ("--appendonly", "yes", "--appendfsync", "everysec")
    with started(engines()["embedded"], *flags) as url:
        async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
            outcome = await post(RedisLog(deployment))
            assert isinstance(outcome, Appended)
            assert outcome.durability == "fsynced"


async def test_a_server_that_keeps_its_file_no_longer_is_not_believed() -> None:
    flags = ("--appendonly", "yes", "--appendfsync", "everysec")
    with started(engines()["embedded"], *flags) as url:
        async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
            log = RedisLog(deployment)
            await deployment.writing.config_set("appendonly", "no")
            outcome = await post(log)
            assert isinstance(outcome, Appended)
            assert outcome.durability == "memory"
            await deployment.writing.config_set("appendonly", "yes")
            while await log.confirm(SITE, THREAD, "k") == "memory":
                pass
            assert await post(log) == Repeated(Answer(outcome.positions, created=True, digest="d"), "fsynced")


async def test_where_a_reply_waits_for_the_disk_nothing_more_is_asked() -> None:
    with started(engines()["embedded"], "--appendonly", "yes", "--appendfsync", "always") as url:
        async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
            (node,) = deployment.topology.primaries()
            assert node.appends is node.calls
            outcome = await post(RedisLog(deployment))
            assert isinstance(outcome, Appended)
            assert outcome.durability == "fsynced"


async def test_without_a_file_nothing_can_be_on_disk(fresh: str) -> None:
    with pytest.raises(UnfitServer, match="appendonly yes"):
        async with open_deployment(fresh, durability="fsynced"):
            pass


async def test_a_primary_that_refuses_without_replicas_makes_the_log_unavailable(
    primary: Node, deployment: Deployment
) -> None:
    primary.ask("CONFIG", "SET", "min-replicas-to-write", "2")
    try:
        with pytest.raises(Unavailable):
            await post(RedisLog(deployment, patience=0))
    finally:
        primary.ask("CONFIG", "SET", "min-replicas-to-write", "0")
