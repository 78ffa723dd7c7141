"""Indexes of records are kept and extended, and making them has a bound."""

from functools import partial
from typing import Any

import anyio
import httpx2
import pytest
from anyio.lowlevel import checkpoint
from msgspec.structs import replace

from core.concurrency import gathered
from projections.audit import thread_events
from tests.support.bounds import BOUND
from tests.support.house import ADA, AUDITOR, BEN, MOD, SITE, THREAD, House, at, problem
from workers.gateway.operations import record_cache
from workers.gateway.operations.bounded_work import BoundedWork
from workers.gateway.operations.record_cache import RecordIndexes
from workers.runtime import metrics

RECORD = f"threads/{THREAD}/record"


def made() -> float:
    return float(metrics.RECORD_INDEXES.labels("made")._value.get())


class Held:
    """Reading the events of a thread stands still in the block, and is counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = 0
        self.going = anyio.Event()
        self._begun = anyio.Event()

        async def held(*asked: Any, **more: Any) -> Any:
            self.begun += 1
            self._begun.set()
            await self.going.wait()
            return await thread_events.read_thread_events(*asked, **more)

        monkeypatch.setattr(record_cache, "read_thread_events", held)

    async def until_begun(self) -> None:
        with anyio.fail_after(BOUND):
            await self._begun.wait()


def serve(house: House, **bounds: Any) -> RecordIndexes:
    work = BoundedWork("past", "the past", **bounds)
    records = RecordIndexes(house.log, work)
    house.serve(replace(house.services, records=records))
    return records


async def test_an_index_is_made_once_and_extended_by_each_event(house: House) -> None:
    comment = await house.post(ADA)
    before = made()
    for who in (AUDITOR, MOD, AUDITOR):
        for query in ("", "?strip=5", "?q=words"):
            assert (await house.get(f"{RECORD}{query}", who)).status_code == 200
    assert made() == before + 1
    await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
    index = await house.services.records.whole(SITE, THREAD)
    assert (made(), len(index)) == (before + 2, 3)
    for query in ("", "?strip=5", "?q=words"):
        assert (await house.get(f"{RECORD}{query}")).status_code == 200
    assert made() == before + 3


async def test_those_who_ask_for_a_thread_at_the_same_time_share_one_reading(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.post(ADA)
    held = Held(monkeypatch)
    answers: list[httpx2.Response] = []

    async def ask() -> None:
        answers.append(await house.get(RECORD, AUDITOR))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(ask)
        await held.until_begun()
        held.going.set()
    assert [answer.status_code for answer in answers] == [200] * 5
    assert held.begun == 1


async def test_what_was_appended_while_it_was_read_is_in_the_answer_of_who_asks_then(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.post(ADA)
    held = Held(monkeypatch)
    found: list[httpx2.Response] = []

    async def ask() -> None:
        found.append(await house.get(RECORD, AUDITOR))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await held.until_begun()
        comment = await house.post(BEN, "Meanwhile.")
        tasks.start_soon(ask)
        held.going.set()
    assert [event.get("comment") for event in found[-1].json()["events"]][-1] == comment


async def test_more_than_may_wait_are_told_to_come_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        await house.open_thread(name)
    records = serve(house, at_once=1, queue=1, wait=3600)
    held = Held(monkeypatch)
    answers: list[httpx2.Response] = []

    async def ask(name: str) -> None:
        answers.append(await house.get(f"threads/{name}/record", AUDITOR))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, "a")
        await held.until_begun()
        tasks.start_soon(ask, "b")
        with anyio.fail_after(BOUND):
            while not records.waiting:
                await checkpoint()
        refused = await house.get("threads/c/record", AUDITOR)
        problem(refused, 503, "unavailable")
        assert int(refused.headers["retry-after"]) > 0
        # Reads of another kind wait for none of this.
        assert (await house.get("threads/c")).status_code == 200
        held.going.set()
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_indexes_take_no_more_memory_than_they_may(house: House) -> None:
    records = RecordIndexes(house.log, BoundedWork("past", "the past"), most_bytes=10_000)
    for number in range(12):
        await house.open_thread(f"t{number}")
        await records.whole(SITE, f"t{number}")
        await records.public(SITE, f"t{number}")
        assert 0 < records.bytes <= 10_000


async def test_making_an_index_yields_to_other_requests(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        await house.post(ADA, f"Words {number}.")
    rests = 0
    loop = house.services.past.work.loop

    class Hasty(type(loop.pace())):  # type: ignore[misc] # any pace would do
        due = True

        async def rest(self) -> None:
            nonlocal rests
            rests += 1
            self.begin()

    monkeypatch.setattr(loop, "pace", lambda: Hasty(loop, 1))
    asks = [partial(house.get, RECORD), partial(house.get, "/healthz")]
    page, other = await gathered(asks)
    assert (page.status_code, other.status_code) == (200, 200)
    assert rests >= 3 * 20
