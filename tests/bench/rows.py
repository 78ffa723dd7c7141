"""What Redis has to do for a page of about 100 rows: its own time, as it counts it itself."""

from typing import Final

from core.redis.deployment import open_deployment
from projections.read import pages
from projections.read.queries import PageQuery
from projections.read.served_generation import Served
from tests.bench.copying import PARTITIONS
from tests.bench.cores import on
from tests.bench.figures import Figure, Target
from tests.bench.filling import Fill
from tests.bench.people import SITE
from tests.bench.processes import server
from tests.bench.projecting import project
from tests.bench.stage import Stage
from tests.support.servers import client

THREAD: Final = "paired"
TOP: Final = 50
ROWS: Final = 2 * TOP
SCRIPT: Final = "cmdstat_evalsha"


async def measure(stage: Stage) -> list[Figure]:
    """The time of the script that gives a page of 50 comments, each with an answer."""
    took = []
    with server(stage.cores.rest) as url:
        async with open_deployment(url, partitions=PARTITIONS) as deployment:
            fill = Fill(deployment)
            await fill.site()
            await fill.open([THREAD])
            for number in range(stage.sizes.short):
                await fill.post(THREAD, 2 * number + 1, await fill.post(THREAD, 2 * number))
            await project(deployment)
            served = Served(deployment)
            answer = await pages.page(served, SITE, THREAD, PageQuery(limit=TOP))
            assert answer is not None
            assert answer.body.count(b'"parent":') == ROWS
            with on(stage.cores.own), client(url) as connection:
                for _ in range(stage.sizes.rounds):
                    connection.config_resetstat()
                    for _ in range(stage.sizes.pages):
                        await pages.page(served, SITE, THREAD, PageQuery(limit=TOP))
                    told = connection.info("commandstats")[SCRIPT]
                    assert told["calls"] == stage.sizes.pages, "a page is one script"
                    took.append(told["usec"] / told["calls"])
    return [
        Figure(
            name=f"page of {ROWS} rows, time in Redis",
            unit="µs",
            measured=tuple(took),
            target=Target(of="measured", at_most=250),
        )
    ]
