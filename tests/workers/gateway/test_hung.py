"""A server that is there and says nothing: everybody is told in time, and nobody waits for all who came before."""

import math
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack
from functools import partial

import anyio
import httpx2
import pytest
from msgspec.structs import replace
from redis.exceptions import TimeoutError  # noqa: A004 - the name redis has

from core.concurrency import gathered
from core.redis import errors
from core.redis.errors import retry
from core.refusals import Unavailable
from projections.read.queries import ViewState
from tests.support.bounds import BOUND
from tests.support.house import ADA, MOD, THREAD, House, at, built, problem
from tests.support.servers import client, started
from workers.embedded import server as embedded
from workers.gateway import fast_page
from workers.gateway.http import response_cache
from workers.gateway.http.view_states import PartitionStates

SOON = 0.05


def wait_at_most(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let a call wait for so long, where there is no patience for more."""
    for name in ("FIRST", "LATE"):
        monkeypatch.setattr(errors, name, seconds)
    for module in (response_cache, fast_page):
        monkeypatch.setattr(module, "STATES_WITHIN", seconds)


@pytest.fixture
async def hung(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[House, str]]:
    """A gateway whose server hangs, and a comment that it has answered with before. By itself it would wait an hour."""
    wait_at_most(monkeypatch, BOUND)
    with ExitStack() as stack:
        url = stack.enter_context(started(embedded.binary()))
        with client(url) as redis:
            server = redis.info("server")["process_id"]
        async with built(url, patience=SOON) as house:
            await house.open_site()
            await house.open_thread()
            comment = await house.post(ADA)
            assert (await house.get(f"threads/{THREAD}")).status_code == 200
            for node in house.deployment.topology.primaries():
                node.calls.within = node.reads.within = 3600
            os.kill(server, signal.SIGSTOP)
            stack.callback(os.kill, server, signal.SIGCONT)
            wait_at_most(monkeypatch, SOON)
            yield house, comment


async def test_every_call_is_answered_while_the_server_hangs(hung: tuple[House, str]) -> None:
    house, comment = hung
    calls: list[Callable[[], Awaitable[httpx2.Response]]] = [
        partial(house.get, f"threads/{THREAD}"),
        partial(house.get, f"threads/{THREAD}?sort=top"),
        partial(house.get, f"threads/{THREAD}/me", ADA),
        partial(house.get, at(comment)),
        partial(house.get, f"counts?thread={THREAD}"),
        partial(house.get, "moderation/queue", MOD),
        partial(house.ask, "POST", f"threads/{THREAD}/comments", ADA, {"body": "a"}),
        partial(house.ask, "PUT", f"{at(comment)}/vote", MOD, {"value": 1}),
        partial(house.get, "/readyz"),
        partial(house.get, "/readyz/writes"),
    ]
    with anyio.fail_after(BOUND):
        for answer in await gathered(calls):
            problem(answer, 503, "unavailable")
        # Most readers ask for the same page, which was ready a moment ago.
        for answer in await gathered([partial(house.get, f"threads/{THREAD}")] * 50):
            problem(answer, 503, "unavailable")
    assert (await house.get("/healthz")).status_code == 200


@pytest.mark.parametrize("failures", [0, 1], ids=["at the first try", "at the second"])
async def test_a_call_without_an_answer_is_given_up_when_patience_is_spent(
    hung: tuple[House, str], failures: int
) -> None:
    calls = hung[0].deployment.reads
    tries = 0

    async def ask() -> object:
        nonlocal tries
        tries += 1
        if tries <= failures:
            raise TimeoutError
        return await calls.call("GET", "anything")

    with anyio.fail_after(BOUND), pytest.raises(Unavailable):
        await retry(ask, "anything", patience=1.0 if failures else SOON)
    assert tries == 1 + failures


async def test_the_calls_of_one_request_share_its_patience() -> None:
    tries = 0

    async def fails_once() -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise TimeoutError
        return tries

    with errors.one_request():
        errors._BEGUN.set(time.monotonic() - 3600)
        assert errors.left() < 0
        with pytest.raises(Unavailable):
            await retry(fails_once, "anything", patience=3600)
        assert tries == 1
        # A body that took its time is no patience spent.
        errors.begin_again()
        tries = 0
        assert await retry(fails_once, "anything", patience=3600) == 2
        # A stream lives for longer than any patience.
        errors._BEGUN.set(time.monotonic() - 3600)
        errors.no_request()
        tries = 0
        assert await retry(fails_once, "anything", patience=3600) == 2
    assert errors.left() == math.inf


class _Silent:
    """Views that are asked, and fail when they are let."""

    def __init__(self) -> None:
        self.asked = 0
        self.fail = anyio.Event()

    async def states(self, partitions: Sequence[int]) -> list[ViewState]:
        assert list(partitions) == [0, 1]
        self.asked += 1
        await self.fail.wait()
        raise Unavailable


async def test_who_waits_for_the_question_of_another_shares_its_failure() -> None:
    """Each asking anew in its turn, the fiftieth would be told after fifty times as long."""
    views = _Silent()
    states = PartitionStates(views.states)
    failures: list[Unavailable] = []

    async def ask() -> None:
        try:
            await states.of([0, 1])
        except Unavailable as failure:
            failures.append(failure)

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(ask)
        while views.asked == 0:
            await anyio.lowlevel.checkpoint()
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        views.fail.set()
    assert (views.asked, len(failures)) == (1, 50)


async def test_readiness_is_told_when_its_time_is_over(
    hung: tuple[House, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, _ = hung
    wait_at_most(monkeypatch, 3600)
    monkeypatch.setattr("workers.gateway.operations.health.READY_WITHIN", SOON)
    house.serve(replace(house.services))
    with anyio.fail_after(BOUND):
        assert problem(await house.get("/readyz"), 503, "unavailable")["detail"] == "Redis does not answer"
