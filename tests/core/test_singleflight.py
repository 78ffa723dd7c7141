"""One computation for all who ask at the same time: its outcome is shared, a failure too, a cancellation not."""

import anyio
import pytest
from anyio import CancelScope, Event
from anyio.lowlevel import checkpoint

from core.concurrency import gathered
from core.singleflight import SingleFlight

pytestmark = pytest.mark.anyio


class Work:
    """A computation that can be held up, and counts how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.going = Event()
        self.fails = False

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        await self.going.wait()
        if self.fails:
            raise LookupError(number)
        return number


async def test_all_who_ask_meanwhile_get_the_result_of_the_first() -> None:
    work, flights = Work(), SingleFlight[str, int]()

    async def let_go() -> int:
        for _ in range(10):
            await checkpoint()
        work.going.set()
        return 0

    *results, _ = await gathered([lambda: flights.get("a", work)] * 20 + [let_go])
    assert results == [1] * 20
    assert await flights.get("a", work) == 2
    assert len(flights) == 0


async def test_keys_do_not_wait_for_each_other() -> None:
    slow, fast, flights = Work(), Work(), SingleFlight[str, int]()
    fast.going.set()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(flights.get, "slow", slow)
        await checkpoint()
        assert await flights.get("fast", fast) == 1
        slow.going.set()


async def test_a_result_is_given_again_until_its_time_is_over() -> None:
    clock = 0.0
    work, flights = Work(), SingleFlight[str, int](keep=1.0, clock=lambda: clock)
    work.going.set()
    assert await flights.get("a", work) == 1
    clock = 0.99
    assert await flights.get("a", work) == 1
    clock = 1.0
    assert await flights.get("a", work) == 2


async def test_a_failure_is_shared_and_kept_as_a_result_is() -> None:
    clock = 0.0
    work, flights = Work(), SingleFlight[str, int](keep=1.0, clock=lambda: clock)
    work.fails = True
    work.going.set()
    failures = []
    for _ in range(3):
        with pytest.raises(LookupError) as raised:
            await flights.get("a", work)
        failures.append(raised.value)
    assert work.begun == 1
    clock = 2.0
    work.fails = False
    assert await flights.get("a", work) == 2


async def test_where_the_first_is_cancelled_another_of_those_who_wait_computes() -> None:
    work, flights = Work(), SingleFlight[str, int](keep=60)
    results: list[int] = []

    async def first(scope: CancelScope) -> None:
        with scope:
            results.append(await flights.get("a", work))

    async def other() -> None:
        results.append(await flights.get("a", work))

    async with anyio.create_task_group() as tasks:
        scope = CancelScope()
        tasks.start_soon(first, scope)
        await checkpoint()
        tasks.start_soon(other)
        tasks.start_soon(other)
        await checkpoint()
        scope.cancel()
        for _ in range(10):
            await checkpoint()
        work.going.set()
    assert results == [2, 2]
    assert work.begun == 2
