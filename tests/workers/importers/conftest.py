from collections.abc import AsyncIterator

import anyio
import pytest

from core.application.transact import transact
from core.caller import Caller
from core.domain.site import OpenSite
from core.log.redis import RedisLog
from core.redis.deployment import open_deployment
from projections.read import progress
from projections.read.served_generation import Served
from tests.support.bounds import BOUND
from workers.importers import importer, sample
from workers.importers.importer import Source
from workers.projector.projector import Projector

OPERATOR = Caller(id="operator", name="operator", roles=frozenset({"operator"}))


class Loaded:
    """The sample site on a server, and as much of its discussion as was imported, with views that are level."""

    def __init__(self, log: RedisLog, served: Served) -> None:
        self.log = log
        self.served = served

    async def import_source(self, source: Source) -> None:
        last = (await importer.import_source(self.log, source)).last[sample.THREAD]
        assert await progress.reached(self.served, sample.SITE, sample.THREAD, last, within=BOUND)


@pytest.fixture
async def site(fresh: str) -> AsyncIterator[Loaded]:
    """The sample site without its discussion."""
    given = sample.discussion().site
    async with open_deployment(fresh) as deployment, anyio.create_task_group() as tasks:
        log = RedisLog(deployment)
        served = Served(deployment)
        projector = Projector(deployment, log, worker="test")
        await tasks.start(deployment.pubsub.run)
        await tasks.start(projector.run)
        opened = OpenSite(name=given.name, policy=given.policy, keys_kind="hs256", keys_number=1)
        await transact(log, opened, site=given.id, caller=OPERATOR)
        yield Loaded(log, served)
        tasks.cancel_scope.cancel()


@pytest.fixture
async def loaded(site: Loaded) -> Loaded:
    """The whole discussion."""
    await site.import_source(sample.discussion())
    return site
