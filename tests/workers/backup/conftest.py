from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from core.application.transact import transact
from core.domain.thread import OpenThread
from core.log.redis import RedisLog
from core.redis.deployment import open_deployment
from tests.support.discussions import MOD, Play, stream
from tests.support.logs import CLUSTER, SENTINEL, empty, serving
from tests.support.restored import PARTITIONS, SECRETS
from tests.support.servers import engines, started
from workers.backup import take as taking
from workers.backup.take import take
from workers.gateway.auth.keyring import Keyring, KeySet


@pytest.fixture(scope="module", params=[*engines(), CLUSTER, SENTINEL])
def other(request: pytest.FixtureRequest) -> Iterator[str]:
    with serving(request.param) as url:
        assert url is not None
        yield url


@pytest.fixture
async def target(other: str) -> str:
    """URL of servers that hold nothing."""
    return await empty(other)


@pytest.fixture(scope="module")
async def backup(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, Path]]:
    """URL of a server with a discussion that nobody continues, and a backup of it in small records."""
    with started(engines()["embedded"]) as server:
        path = tmp_path_factory.mktemp("backups") / "backup"
        async with open_deployment(server, partitions=PARTITIONS) as deployment:
            play = Play(RedisLog(deployment))
            await play.open(threads=3)
            for move in stream(3, 400, threads=3, comments=40):
                await play.make(move)
            for key in ("once", "again"):
                command = OpenThread(url="https://kew.example/tea", title="About the tea")
                await transact(play.log, command, site="kew", thread="tea", caller=MOD, key=key)
            keyring = Keyring(deployment.calls, deployment.keys)
            await keyring.write("kew", KeySet("hs256", 1, SECRETS))
            assert await keyring.guest_key("kew") is not None
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(taking, "BATCH", 16)
                await take(deployment, path)
        yield server, path
