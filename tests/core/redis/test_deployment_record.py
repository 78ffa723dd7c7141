"""The deployment's record, read again: who may write, and who is told why not."""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from core.formats import Formats
from core.keys import DEPLOYMENT
from core.log.redis import RedisLog
from core.position import START
from core.redis.deployment import Deployment, open_deployment
from core.redis.deployment_record import Record, Unfit, judge
from core.refusals import Unavailable
from tests.support.bounds import BOUND
from tests.support.logs import append, event
from tests.support.servers import engines, started

FORMATS = Formats(reads=(1, 2), writes=2)
OWN = Record(partitions=2, format=1, id="a")

pytestmark = pytest.mark.anyio


# --- given what was opened, when this is found, then ---


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        (None, "gone"),
        (Record(partitions=2, format=1, id="b"), "foreign"),
        (Record(partitions=3, format=1, id="a"), "foreign"),
        (Record(partitions=3, format=1, id=None), "foreign"),
        (Record(partitions=2, format=3, id="a"), "format"),
        (Record(partitions=2, format=0, id="a"), "format"),
        (Record(partitions=2, format=3, id="b"), "foreign"),
    ],
)
def test_a_record_that_is_not_right_any_more_is_told_by_its_cause(found: Record | None, cause: str) -> None:
    unfit = judge(OWN, found, FORMATS)
    assert unfit is not None
    assert unfit.cause == cause


@pytest.mark.parametrize(
    "found",
    [
        OWN,
        Record(partitions=2, format=2, id="a"),
        Record(partitions=2, format=1, id=None),
    ],
)
def test_a_record_that_is_right_is_no_reason(found: Record) -> None:
    assert judge(OWN, found, FORMATS) is None


def test_an_unknown_format_is_told_with_those_that_are_read() -> None:
    unfit = judge(OWN, Record(partitions=2, format=3, id="a"), FORMATS)
    assert unfit == Unfit(
        cause="format",
        detail="the deployment has format 3, but this version of Hansard reads formats 1 and 2: update this process",
    )


# --- on a server ---


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Deployment]:
    opening = open_deployment(fresh, partitions=2, formats=FORMATS, new_format=1, record_interval=0.01)
    async with opening as deployment:
        yield deployment


async def until(deployment: Deployment, cause: str | None) -> None:
    """Wait until the process judges so of its deployment."""
    with anyio.fail_after(BOUND):
        while True:
            changed, unfit = deployment.record.changed, deployment.record.unfit
            if (None if unfit is None else unfit.cause) == cause:
                return
            await changed.wait()


SPOILS = [
    ("gone", ("DEL", DEPLOYMENT)),
    ("gone", ("HDEL", DEPLOYMENT, "format")),
    ("foreign", ("HSET", DEPLOYMENT, "id", "another")),
    ("format", ("HSET", DEPLOYMENT, "format", "9")),
]


@pytest.mark.parametrize(("cause", "spoil"), SPOILS)
async def test_nothing_is_appended_while_the_record_is_not_right(
    here: Deployment, cause: str, spoil: tuple[Any, ...]
) -> None:
    log = RedisLog(here)
    before = await here.calls.call("HGETALL", DEPLOYMENT)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(here.record.run)
        await here.calls.call(*spoil)
        await until(here, cause)
        assert here.record.unfit is not None
        with pytest.raises(Unavailable, match=here.record.unfit.detail[:20]):
            await append(log, event())
        assert [await log.last(number) for number in range(2)] == [START, START]
        await here.calls.call("HSET", DEPLOYMENT, *before)
        await until(here, None)
        await append(log, event())
        tasks.cancel_scope.cancel()


async def test_one_line_is_logged_when_it_changes_and_none_while_it_stays(here: Deployment) -> None:
    before = await here.calls.call("HGETALL", DEPLOYMENT)
    with capture_logs() as lines:
        await here.calls.call("DEL", DEPLOYMENT)
        for _ in range(5):
            await here.record.read()
        await here.calls.call("HSET", DEPLOYMENT, *before)
        for _ in range(5):
            await here.record.read()
    said = [(line["event"], line["log_level"]) for line in lines]
    assert said == [("deployment_refused", "error"), ("deployment_accepted", "warning")]


async def test_an_upgrade_is_noticed_and_told_once(here: Deployment) -> None:
    assert RedisLog(here).format == 1
    await here.calls.call("HSET", DEPLOYMENT, "format", 2)
    with capture_logs() as lines:
        await here.record.read()
        await here.record.read()
    assert RedisLog(here).format == 2
    assert [line["event"] for line in lines] == ["deployment_format_changed"]


async def test_an_id_that_a_failover_took_back_is_written_again(here: Deployment) -> None:
    await here.calls.call("HDEL", DEPLOYMENT, "id")
    await here.record.read()
    assert here.record.unfit is None
    assert await here.calls.call("HGET", DEPLOYMENT, "id") == str(here.record.id).encode()


async def test_a_server_that_is_away_changes_nothing_and_is_told_once() -> None:
    with started(engines()["embedded"]) as url, capture_logs() as lines:
        async with open_deployment(url, partitions=2) as deployment:
            await deployment.writing.shutdown(nosave=True)
            for _ in range(3):
                await deployment.record.refresh()
            assert deployment.record.unfit is None
    assert [line["event"] for line in lines if line["event"].startswith("deployment")] == ["deployment_record_not_read"]
