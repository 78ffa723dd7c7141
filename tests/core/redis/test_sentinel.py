"""A log behind sentinels: whoever is primary, the writes go there, and what has been replaced is believed no more."""

from collections.abc import Iterator

import anyio
import pytest
import redis.exceptions
from anyio import to_thread

from core.log.redis import RedisLog
from core.position import START
from core.redis.confirmation import Confirmation
from core.redis.deployment import open_deployment
from core.redis.errors import Unreachable
from core.redis.node import Node
from tests.support.bounds import BOUND
from tests.support.clusters import SERVICE, Sentinels, free_ports, sentinels, until
from tests.support.logs import HERE, PARTITIONS, event, facts, write


@pytest.fixture
def there() -> Iterator[Sentinels]:
    with sentinels() as there:
        yield there


@pytest.mark.parametrize("fate", ["killed", "frozen"])
async def test_writes_go_on_at_the_server_that_takes_over(there: Sentinels, fate: str) -> None:
    first = there.primary()
    async with open_deployment(there.url, partitions=PARTITIONS) as deployment, anyio.create_task_group() as tasks:
        await tasks.start(deployment.pubsub.run)
        log = RedisLog(deployment, patience=BOUND)
        await write(log, event("c:1"), key="k")
        await to_thread.run_sync(lambda: until(lambda: first.info()["master_repl_offset"] == _copied(there), "copied"))
        if fate == "killed":
            first.kill()
        else:
            first.freeze()
        with deployment.pubsub.on(deployment.keys[HERE].log_channel) as subscription:
            await write(log, event("c:2"), key="l")
            assert there.primary() is not first
            with anyio.fail_after(BOUND):
                assert await subscription.wait(BOUND)
            entries = await log.read(HERE, START, limit=10)
            assert [facts(entry)["head"] for entry in entries] == ["c:1", "c:2"]
            if fate == "frozen":
                first.thaw()  # it still takes itself for the primary
                await write(log, event("c:3"), key="m")
                assert (await log.last(HERE)).n == 3
        tasks.cancel_scope.cancel()


async def test_a_server_that_is_no_primary_is_not_used_as_one(there: Sentinels) -> None:
    (replica,) = there.replicas()
    node = Node(replica.address, replica.url, Confirmation(), leads=True)
    with pytest.raises(redis.exceptions.ConnectionError, match="no longer a primary"):
        await node.calls.call("PING")
    await node.aclose()


async def test_sentinels_that_are_away_or_know_no_such_service_are_one_line(there: Sentinels) -> None:
    (nobody,) = free_ports(1)
    for url in (f"redis+sentinel://127.0.0.1:{nobody}/{SERVICE}", there.url.replace(f"/{SERVICE}", "/other")):
        with pytest.raises(Unreachable, match="no sentinel knows the primary"):
            async with open_deployment(url):
                pass
    frozen, *_ = there.sentinels
    frozen.freeze()
    async with open_deployment(there.url) as deployment:
        assert deployment.topology.only is not None
        assert deployment.topology.only.name == there.primary().address


def _copied(there: Sentinels) -> int:
    (replica,) = there.replicas()
    return int(replica.info()["slave_repl_offset"])
