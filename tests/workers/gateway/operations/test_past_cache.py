"""Pages of the past are kept until something happens in their thread, and making them has a bound."""

from functools import partial
from time import time_ns
from typing import Any

import anyio
import httpx2
import pytest
from msgspec.structs import replace

from core.concurrency import gathered
from core.times import rfc3339
from projections.read import past_comments
from tests.support.bounds import BOUND
from tests.support.house import ADA, BEN, MOD, THREAD, House, at, problem
from workers.gateway.http.admission import Admission
from workers.gateway.operations.past_cache import PastPages
from workers.runtime import metrics


def made() -> float:
    return float(metrics.PAST_PAGES.labels("made")._value.get())


async def now(house: House) -> str:
    return str((await house.get(f"threads/{THREAD}")).json()["thread"]["position"])


class Held:
    """Making pages of the past stands still in the block, and is counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = 0
        self.going = anyio.Event()
        self._begun = anyio.Event()
        page = past_comments.answer_at

        async def held(*asked: Any, **more: Any) -> Any:
            self.begun += 1
            self._begun.set()
            await self.going.wait()
            return await page(*asked, **more)

        monkeypatch.setattr(past_comments, "answer_at", held)

    async def until(self, begun: int) -> None:
        """Wait until so many have begun."""
        with anyio.fail_after(BOUND):
            while self.begun < begun:
                await self._begun.wait()
                self._begun = anyio.Event()


async def test_the_same_question_about_the_past_is_answered_from_what_is_kept(house: House) -> None:
    await house.post(ADA)
    then = await now(house)
    before = made()
    first = await house.get(f"threads/{THREAD}?at={then}")
    again = await house.get(f"threads/{THREAD}?at={then}")
    assert first.status_code == 200
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert made() == before + 1
    for query in ("&limit=1", "&sort=top"):
        assert (await house.get(f"threads/{THREAD}?at={then}{query}")).status_code == 200
    assert made() == before + 3


async def test_a_moment_is_kept_once_however_it_is_spelt(house: House) -> None:
    comment = await house.post(ADA)
    for path in (f"threads/{THREAD}", f"{at(comment)}/replies"):
        before = made()
        time = rfc3339(int(time_ns() // 1_000_000))
        answers = [await house.get(f"{path}?at={spelt}") for spelt in (time, time.lower(), f"{time[:-1]}000Z")]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert made() == before + 1


async def test_all_who_ask_the_same_at_the_same_time_share_one_computation(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.post(ADA)
    then = await now(house)
    held = Held(monkeypatch)
    answers: list[httpx2.Response] = []

    async def ask() -> None:
        answers.append(await house.get(f"threads/{THREAD}?at={then}"))

    async with anyio.create_task_group() as tasks:
        for _ in range(30):
            tasks.start_soon(ask)
        await held.until(1)
        await anyio.wait_all_tasks_blocked()
        held.going.set()
    assert held.begun == 1
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


async def test_what_is_taken_down_later_is_not_in_a_past_that_was_kept(house: House) -> None:
    comment = await house.post(ADA, "Taken down.")
    then = await now(house)
    path = f"threads/{THREAD}?at={then}"
    for _ in range(2):
        assert "Taken down." in (await house.get(path)).text
    decided = await house.decide(comment, "reject")
    await house.settled(decided.json()["position"])
    assert "Taken down." not in (await house.get(path)).text
    assert "Taken down." in (await house.get(path, MOD)).text, "staff sees it, and nobody else does because of that"
    assert "Taken down." not in (await house.get(path, BEN)).text


async def test_a_redacted_text_is_in_no_past_that_was_kept(house: House) -> None:
    comment = await house.post(ADA, "First words.")
    then = await now(house)
    path = f"threads/{THREAD}?at={then}"
    edited = await house.ask("PATCH", at(comment), ADA, {"body": "Second words."}, If_Match='"1"')
    await house.settled(edited.json()["position"])
    for who in (None, MOD):
        assert "First words." in (await house.get(path, who)).text
    gone = await house.ask("PUT", f"{at(comment)}/revisions/1/redaction", MOD, {"reason": "no"})
    await house.settled(gone.json()["position"])
    for who in (None, MOD):
        assert "First words." not in (await house.get(path, who)).text


async def test_a_page_that_was_made_while_the_views_lagged_is_not_kept(house: House) -> None:
    comment = await house.post(ADA, "Taken down.")
    then = await now(house)
    path = f"threads/{THREAD}?at={then}"
    house.hold()
    decided = await house.decide(comment, "reject")
    before = made()
    for _ in range(2):
        assert (await house.get(path)).status_code == 200
    assert made() == before + 2
    house.release()
    await house.settled(decided.json()["position"])
    assert "Taken down." not in (await house.get(path)).text


async def test_a_policy_that_hides_the_past_hides_what_was_kept(house: House) -> None:
    await house.post(ADA)
    then = await now(house)
    assert (await house.get(f"threads/{THREAD}?at={then}")).status_code == 200
    hidden = await house.ask("PUT", f"threads/{THREAD}/policy", MOD, {"history": "staff"})
    assert hidden.status_code == 200
    problem(await house.get(f"threads/{THREAD}?at={then}"), 403, "history-not-public")


async def test_the_pages_that_are_kept_take_no_more_bytes_than_they_may(house: House) -> None:
    await house.post(ADA, "w " * 500)
    then = await now(house)
    past = PastPages(house.served, house.log, most_bytes=20_000)
    house.serve(replace(house.services, past=past))
    for limit in range(1, 21):
        assert (await house.get(f"threads/{THREAD}?at={then}&limit={limit}")).status_code == 200
        assert 0 < past.bytes <= 20_000
    before = made()
    await house.get(f"threads/{THREAD}?at={then}&limit=20")
    assert made() == before
    await house.get(f"threads/{THREAD}?at={then}&limit=1")
    assert made() == before + 1, "what was asked for least recently went first"


async def test_few_are_made_at_a_time_few_wait_and_the_others_are_refused_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.post(ADA)
    then = await now(house)
    held = Held(monkeypatch)
    past = PastPages(house.served, house.log, at_once=2, queue=3, wait=3600)
    house.serve(replace(house.services, past=past))
    answers: list[httpx2.Response] = []

    async def ask(limit: int) -> None:
        answers.append(await house.get(f"threads/{THREAD}?at={then}&limit={limit}"))

    async with anyio.create_task_group() as tasks:
        for limit in range(1, 6):
            tasks.start_soon(ask, limit)
        await held.until(2)
        while past.waiting < 3:
            await anyio.lowlevel.checkpoint()
        with anyio.fail_after(20):
            refused = await house.get(f"threads/{THREAD}?at={then}&limit=100")
        problem(refused, 503, "unavailable")
        assert int(refused.headers["retry-after"]) > 0
        assert held.begun == 2
        held.going.set()
    assert [answer.status_code for answer in answers] == [200] * 5


async def test_who_waited_too_long_is_told_to_come_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.post(ADA)
    then = await now(house)
    held = Held(monkeypatch)
    house.serve(replace(house.services, past=PastPages(house.served, house.log, at_once=1, wait=0.01)))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(house.get, f"threads/{THREAD}?at={then}")
        await held.until(1)
        problem(await house.get(f"threads/{THREAD}?at={then}&limit=1"), 503, "unavailable")
        held.going.set()


async def test_a_past_that_is_being_made_takes_no_place_among_the_readers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.post(ADA)
    then = await now(house)
    held = Held(monkeypatch)
    house.serve(replace(house.services, admission=Admission(reads=1, queue=0)))
    async with anyio.create_task_group() as tasks:
        for limit in range(1, 4):
            tasks.start_soon(partial(house.get, f"threads/{THREAD}?at={then}&limit={limit}"))
            await held.until(limit)
        assert (await house.get(f"threads/{THREAD}")).status_code == 200
        held.going.set()


async def test_others_have_their_turn_while_a_long_past_is_made(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every comment that is unpacked, folded or put into the tree may be followed by the turns of others."""
    for number in range(30):
        await house.post(ADA, f"Words {number}.")
    then = await now(house)
    rests = 0

    class Hasty(type(house.services.past.work.loop.pace())):  # type: ignore[misc] # any pace would do
        due = True

        async def rest(self) -> None:
            nonlocal rests
            rests += 1
            self.begin()

    loop = house.services.past.work.loop
    monkeypatch.setattr(loop, "pace", lambda: Hasty(loop, 1))
    page, other = await gathered([partial(house.get, f"threads/{THREAD}?at={then}"), partial(house.get, "/healthz")])
    assert (page.status_code, other.status_code) == (200, 200)
    assert rests >= 2 * 30
