"""A server that takes no more writes, for want of memory, disk or replicas: what is refused, and what goes on."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import anyio
import pytest

from core.redis.deployment import open_deployment
from tests.support.following import station
from tests.support.full import EVERYSEC, WAYS
from tests.support.house import ADA, BEN, MOD, PARTITIONS, THREAD, House, at, built, problem, told
from tests.support.servers import engines, started
from workers.projector.projector import Projector
from workers.runtime import metrics

COMMENTS = f"threads/{THREAD}/comments"
REASONS = {"memory": "memory of the server is full", "disk": "disk of the server is full", "replicas": "few replicas"}
"""What is said of each way in which a server is full."""
BODY = {"body": "written while it is full"}


@pytest.fixture(params=engines())
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with started(engines()[request.param], *EVERYSEC) as url:
        yield url


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    if request.param == "disk" and sys.platform != "linux":
        pytest.skip("only Linux lets another process set a bound for files")
    return str(request.param)


@asynccontextmanager
async def whole(url: str) -> AsyncIterator[tuple[House, Projector]]:
    """A gateway and a projector on this server, with a site and a thread."""
    async with open_deployment(url, partitions=PARTITIONS) as deployment, anyio.create_task_group() as tasks:
        house = House(deployment, 60.0)
        projector = Projector(deployment, house.log, worker="one")
        await tasks.start(deployment.pubsub.run)
        await tasks.start(projector.run)
        async with house.client:
            await house.open_site()
            await house.open_thread()
            yield house, projector
        await projector.drain()
        tasks.cancel_scope.cancel()


def faults(call: str) -> float:
    return metrics.REGISTRY.get_sample_value("hansard_redis_faults_total", {"call": call}) or 0.0


async def test_writes_are_refused_at_once_while_reads_go_on_and_are_taken_again_by_themselves(
    url: str, way: str
) -> None:
    async with whole(url) as (house, projector), station(house) as radio:
        comment = await house.post(ADA)
        before, page = await house.length(), await radio.page()
        async with radio.follow(page.thread["position"]) as reader:
            with WAYS[way](url), told() as lines:
                await _refuses_writes(house, comment, way)
                said = {line["cause"] for line in lines if line["event"] == "call_refused"}
                assert said
                assert all(REASONS[way] in cause for cause in said)
                assert "request_failed" not in [line["event"] for line in lines]
                assert await house.length() == before
                assert await radio.page() == page
                for path, who in ((f"threads/{THREAD}/me", ADA), (at(comment), None), ("moderation/queue", MOD)):
                    assert (await house.get(path, who)).status_code == 200
                assert (await house.get("/healthz")).status_code == 200
                ready = await house.get("/readyz")
                assert (ready.status_code, ready.json()["reads"], ready.json()["writes"]) == (200, "served", "refused")
                refused = problem(await house.get("/readyz/writes"), 503, "unavailable")
                assert (refused["reads"], refused["writes"]) == ("served", "refused")
                assert REASONS[way] in refused["detail"]
                assert metrics.REGISTRY.get_sample_value("hansard_answering", {"what": "writes"}) == 0
                assert metrics.REGISTRY.get_sample_value("hansard_answering", {"what": "reads"}) == 1
                assert projector.stopped == {}
            answer = await house.ask("POST", COMMENTS, ADA, BODY, Idempotency_Key="k")
            assert answer.status_code == 201, answer.text
            # On the stream that was open all the while.
            assert len(await reader.until("comment.posted")) == 1
        again = await house.ask("POST", COMMENTS, ADA, BODY, Idempotency_Key="k")
        assert again.json()["position"] == answer.json()["position"]
        assert await house.length() == before + 1
        assert (await house.get("/readyz/writes")).json()["writes"] == "taken"


async def _refuses_writes(house: House, comment: str, way: str) -> None:
    tries = faults("append")
    for answer in (
        await house.ask("POST", COMMENTS, ADA, BODY, Idempotency_Key="k"),
        await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1}),
        await house.ask("POST", f"{at(comment)}/decisions", MOD, {"verdict": "reject", "revision": 1}),
    ):
        assert REASONS[way] in problem(answer, 503, "unavailable")["detail"]
        assert 1 <= int(answer.headers["retry-after"]) <= 4
    assert faults("append") == tries + 3, "a server that is full is asked once"
    site = {"name": "Other", "keys": {"hs256": ["other " * 6]}}
    problem(await house.ask("PUT", "/v1/sites/other", None, site, operator=True), 503, "unavailable")


async def test_views_that_lag_because_nothing_can_be_written_keep_nobody_from_reading(url: str, way: str) -> None:
    async with built(url) as house:
        await house.open_site()
        await house.open_thread()
        house.hold()
        answer = await house.ask("POST", COMMENTS, ADA, BODY)
        assert answer.status_code == 201
        house.now = int(answer.json()["position"].partition("-")[0]) / 1000 + 3600
        assert (await house.get("/readyz/writes")).json()["writes"] == "taken"
        with WAYS[way](url):
            ready = await house.get("/readyz")
            assert (ready.status_code, ready.json()["writes"]) == (200, "refused")
            assert ready.json()["views"]["lag_s"] >= 3600
            page = await house.get(f"threads/{THREAD}")
            assert (page.status_code, page.headers["hansard-lag"]) == (200, "3600")
