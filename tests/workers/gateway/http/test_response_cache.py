"""Answers that are kept ready: never another answer than the one that would be made, and never an old one."""

from collections.abc import Callable, Sequence
from typing import Any

import anyio
import httpx2
import pytest
from anyio.lowlevel import checkpoint
from msgspec.structs import replace
from starlette.types import Message, Send

from core.partitions import partition_of
from core.refusals import Unavailable
from projections.read import pages
from projections.read.queries import PageAnswer, ViewState
from projections.rebuild.refold import refold
from projections.views.store import Store
from tests.support.bounds import BOUND
from tests.support.house import ADA, BEN, MOD, PARTITIONS, SITE, THREAD, House, at, problem
from workers.gateway.app import build
from workers.gateway.http.response_cache import ResponseCache
from workers.runtime import metrics

PAGE = f"threads/{THREAD}"
PATH = f"/v1/sites/{SITE}/{PAGE}"


def count(outcome: str) -> int:
    return int(metrics.READY_ANSWERS.labels(outcome)._value.get())


async def made(house: House, path: str = PAGE) -> bool:
    """Whether reading it once more made the answer."""
    before = count("made")
    await house.get(path)
    return count("made") > before


def asking(house: House, ready: ResponseCache) -> httpx2.AsyncClient:
    """A client of the same house with other answers kept before it."""
    transport = httpx2.ASGITransport(build(replace(house.services, response_cache=ready)))
    return httpx2.AsyncClient(transport=transport, base_url="http://hansard.example")


async def told_at_once(house: House, method: str, send: Send | None = None) -> list[Message]:
    """What the gateway says to a server about the page."""
    told: list[Message] = []

    async def take(message: Message) -> None:
        told.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": method, "path": PATH, "query_string": b"", "headers": []}
    await house.app(scope, receive, send or take)
    return told


async def until(holds: Callable[[], object]) -> None:
    with anyio.fail_after(BOUND):
        while not holds():
            await checkpoint()


async def test_an_answer_that_is_ready_is_the_one_that_was_made(house: House) -> None:
    comment = await house.post(ADA)
    await house.post(BEN, "An answer.", parent=comment)
    for path in (PAGE, f"{PAGE}?sort=top&limit=1", f"{at(comment)}/replies"):
        first, ready = count("made"), count("ready")
        one, other = await house.get(path), await house.get(path)
        assert (count("made"), count("ready")) == (first + 1, ready + 1)
        assert one.status_code == other.status_code == 200
        assert one.content == other.content
        assert one.headers == other.headers


async def test_who_has_a_ready_answer_already_is_told_so(house: House) -> None:
    await house.post(ADA)
    tag = (await house.get(PAGE)).headers["etag"]
    known = await house.get(PAGE, If_None_Match=f'"other", {tag}')
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    assert "content-length" not in known.headers
    assert (await house.get(PAGE, If_None_Match='"other"')).status_code == 200


async def test_an_answer_is_made_anew_when_anything_in_its_partition_has_changed(house: House) -> None:
    comment = await house.post(ADA)
    assert await made(house)
    assert not await made(house)
    await house.post(BEN, "An answer.", parent=comment)
    assert await made(house)
    assert not await made(house)
    store = await Store(house.deployment.calls, house.deployment.reads, house.deployment.keys).served(0)
    tag = (await house.get(PAGE)).headers["etag"]
    await refold(house.log, store, SITE, THREAD)
    assert (await house.get(PAGE)).headers["etag"] != tag


async def test_what_is_believed_is_believed_for_a_while_and_no_longer(house: House) -> None:
    await house.post(ADA)
    trusting = ResponseCache(house.states, fresh=3600)
    await house.get(PAGE)
    kept = next(iter(house.services.response_cache._entries.values()))  # type: ignore[union-attr] # there is one in a house
    assert await trusting._is_current(kept)
    await house.post(BEN)
    assert await trusting._is_current(kept)
    trusting.states._moments[kept.states[0].partition].at -= 3601
    assert not await trusting._is_current(kept)


async def test_many_who_ask_at_once_for_what_has_changed_have_it_made_once(house: House) -> None:
    await house.post(ADA)
    await house.get(PAGE)
    await house.post(ADA, "More.")
    before = count("made")
    bodies = set()

    async def ask() -> None:
        bodies.add((await house.get(PAGE)).content)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
    assert len(bodies) == 1
    assert count("made") == before + 1


async def test_nothing_that_asks_for_more_than_the_page_of_now_is_kept(house: House) -> None:
    await house.post(ADA)
    page = (await house.get(PAGE)).json()
    position = page["thread"]["position"]
    for path in (f"{PAGE}?after={position}", f"{PAGE}?at={position}", f"{PAGE}/me", "threads/none"):
        await house.get(path, ADA)
        assert await made(house, path)
    assert (await house.ask("HEAD", PAGE)).content == b""


async def test_what_is_kept_has_a_bound_and_what_was_asked_for_last_stays(house: House) -> None:
    await house.post(ADA)
    small = ResponseCache(house.states, fresh=0, most_bytes=20_000)
    paths = [f"{PATH}?limit={limit}" for limit in range(1, 31)]
    before = count("made")
    async with asking(house, small) as client:
        for path in paths:
            await client.get(paths[0])
            await client.get(path)
    assert count("made") == before + 30, "what is asked for all the time stays all the time"
    assert 2 < len(small._entries) < 20
    assert small.bytes <= 20_000
    assert {query for _, query in small._entries} >= {b"limit=1", b"limit=30"}


async def test_an_answer_whose_room_others_took_while_it_was_looked_after_is_given_all_the_same(house: House) -> None:
    await house.post(ADA)

    async def busy(partitions: Sequence[int]) -> list[ViewState]:
        for address in [*ready._entries]:
            ready._entries.drop(address)
        return await house.states(partitions)

    ready = ResponseCache(busy, fresh=0)
    async with asking(house, ready) as client:
        first, second = [await client.get(PATH) for _ in range(2)]
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert not ready._entries


async def test_what_would_take_much_of_the_room_is_not_kept(house: House) -> None:
    await house.post(ADA, "a" * 3000)
    small = ResponseCache(house.states, fresh=0, most_bytes=16_000)
    async with asking(house, small) as client:
        for _ in range(2):
            before = count("made")
            assert (await client.get(PATH)).status_code == 200
            assert count("made") == before + 1
    assert (small.bytes, len(small._entries)) == (0, 0)


async def test_the_room_that_is_told_is_that_of_the_answers_that_are_kept(house: House) -> None:
    ready = house.services.response_cache
    assert ready is not None
    for number in range(3):
        await house.post(ADA, f"{number}" * 1000)
        for path in (PAGE, f"{PAGE}?limit=1"):
            await house.get(path)
        assert len(ready._entries) == 2
        assert ready.bytes == sum(one.size for one in ready._entries.values()) > 0
        assert metrics.REGISTRY.get_sample_value("hansard_ready_bytes") == ready.bytes


async def test_a_state_that_is_believed_keeps_no_answer_that_was_made_from_another(house: House) -> None:
    first = await house.post(ADA)
    async with asking(house, ResponseCache(house.states, fresh=3600)) as client:
        await client.get(PATH)
        second = await house.post(BEN)
        for _ in range(2):  # the state is that of now, from here on
            await client.get(f"{PATH}?limit=9")
        assert [row["id"] for row in (await client.get(PATH)).json()["comments"]] == [second, first]


async def test_partitions_are_believed_each_by_itself(house: House) -> None:
    async with asking(house, ResponseCache(house.states, fresh=3600)) as client:
        names = {partition_of(SITE, name, PARTITIONS): name for name in (f"t{number}" for number in range(50))}
        assert len(names) == PARTITIONS
        for thread in names.values():
            await house.open_thread(thread)
        before, ready = count("made"), count("ready")
        for _ in range(3):
            for thread in names.values():
                answer = await client.get(f"/v1/sites/{SITE}/threads/{thread}")
                assert answer.json()["thread"]["id"] == thread
        assert (count("made"), count("ready")) == (before + PARTITIONS, ready + 2 * PARTITIONS)


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/section"])
async def test_what_another_thread_of_the_partition_makes_old_is_neither_written_nor_compressed_again(
    house: House, path: str
) -> None:
    cache = house.services.response_cache
    assert cache is not None
    address = f"/v1/sites/{SITE}/{path}", b""
    mine = partition_of(SITE, THREAD, PARTITIONS)
    other = next(name for name in map("t{}".format, range(50)) if partition_of(SITE, name, PARTITIONS) == mine)
    await house.open_thread(other)
    await house.post(ADA, "Words that are long enough. " * 40)
    for _ in range(2):
        first = await house.get(path, Accept_Encoding="gzip")
    kept = cache._entries.get(address)
    await house.post(BEN, thread=other)
    before = count("made")
    again = await house.get(path, Accept_Encoding="gzip")
    await house.get(path, Accept_Encoding="gzip")
    newer = cache._entries.get(address)
    assert count("made") == before + 1
    assert kept is not None
    assert newer is not None
    assert (again.content, again.headers) == (first.content, first.headers)
    assert newer is not kept
    assert newer.packed is kept.packed is not None
    assert newer.size == kept.size
    assert (newer.response.body is kept.response.body) == path.endswith("section")
    await house.post(BEN, "Other words.")
    changed = await house.get(path, Accept_Encoding="gzip")
    assert "Other words." in changed.text
    last = cache._entries.get(address)
    assert last is not None
    assert last.packed is not newer.packed


async def test_only_what_is_to_be_read_is_answered_from_what_is_ready(house: House) -> None:
    await house.post(ADA)
    for _ in range(2):
        await house.get(PAGE)
    ready = count("ready")
    head = await told_at_once(house, "HEAD")
    assert [message.get("body", b"") for message in head] == [b"", b""]
    assert (await house.ask("OPTIONS", PAGE)).headers["allow"]
    problem(await house.ask("DELETE", PAGE), 405, "method-not-allowed")
    assert count("ready") == ready


async def test_what_shows_more_to_some_is_answered_to_nobody_else(house: House) -> None:
    comment = await house.post(ADA)
    await house.settled((await house.decide(comment, "reject")).json()["position"])
    for path in (at(comment), f"{at(comment)}/revisions"):
        for who in (MOD, ADA):
            assert (await house.get(path, who)).status_code == 200
            for other in (None, BEN):
                problem(await house.get(path, other), 404, "not-found")


async def test_answers_that_are_ready_are_counted_as_the_others_are(house: House) -> None:
    await house.post(ADA)
    tag = (await house.get(PAGE)).headers["etag"]
    route = "/v1/sites/{site}/threads/{thread}"

    def counted() -> list[float]:
        answers = [metrics.HTTP_REQUESTS.labels(route, "GET", status)._value.get() for status in ("200", "304")]
        return [*answers, sum(bucket.get() for bucket in metrics.HTTP_SECONDS.labels(route, "GET")._buckets)]

    whole, known, timed = counted()
    ready = count("ready")
    await house.get(PAGE)
    assert counted() == [whole + 1, known, timed + 1]
    await house.get(PAGE, If_None_Match=tag)
    assert counted() == [whole + 1, known + 1, timed + 2]
    assert count("ready") == ready + 2


class Gate:
    """Lets those who make a page in, and none of them on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inside = 0
        self.open = anyio.Event()
        page = pages.page

        async def slow(*asked: Any, **how: Any) -> PageAnswer | None:
            self.inside += 1
            await self.open.wait()
            return await page(*asked, **how)

        monkeypatch.setattr(pages, "page", slow)


async def outdated(house: House) -> None:
    """Have the page kept, and then something else to say."""
    await house.post(ADA)
    await house.get(PAGE)
    await house.post(ADA, "More.")


def waiting(house: House) -> int:
    """How many wait for an answer that another makes."""
    assert house.services.response_cache is not None
    return sum(making.statistics().tasks_waiting for making in house.services.response_cache._making.values())


async def test_who_asks_while_an_answer_is_made_waits_for_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await outdated(house)
    gate = Gate(monkeypatch)
    answers: list[httpx2.Response] = []

    async def ask() -> None:
        answers.append(await house.get(PAGE))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
        await until(lambda: gate.inside + waiting(house) == 20)
        gate.open.set()
    assert gate.inside == 1
    assert {len(answer.json()["comments"]) for answer in answers} == {2}


async def test_where_who_makes_an_answer_goes_away_another_makes_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await outdated(house)
    gate = Gate(monkeypatch)
    gone = anyio.CancelScope()
    answers: list[httpx2.Response] = []

    async def leave() -> None:
        with gone:
            await house.get(PAGE)

    async def ask() -> None:
        answers.append(await house.get(PAGE))

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(leave)
            await until(lambda: gate.inside == 1)
            for _ in range(3):
                tasks.start_soon(ask)
            await until(lambda: waiting(house) == 3)
            gone.cancel()
            gate.open.set()
    assert [len(answer.json()["comments"]) for answer in answers] == [2] * 3


async def test_nobody_waits_for_a_client_that_does_not_take_what_was_made(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await outdated(house)
    gate = Gate(monkeypatch)
    answers: list[httpx2.Response] = []

    async def never(_: Message) -> None:
        await anyio.sleep_forever()

    async def ask() -> None:
        answers.append(await house.get(PAGE))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(told_at_once, house, "GET", never)
        await until(lambda: gate.inside == 1)
        tasks.start_soon(ask)
        await until(lambda: waiting(house) == 1)
        gate.open.set()
        await until(lambda: answers)
        tasks.cancel_scope.cancel()
    assert len(answers[0].json()["comments"]) == 2


async def test_many_who_ask_for_the_state_of_a_partition_ask_once(house: House) -> None:
    class Slow:
        asked = 0
        open = anyio.Event()

        async def states(self, partitions: Sequence[int]) -> list[ViewState]:
            self.asked += 1
            await self.open.wait()
            return await house.states(partitions)

    await house.post(ADA)
    await house.get(PAGE)
    kept = next(iter(house.services.response_cache._entries.values()))  # type: ignore[union-attr] # there is one in a house
    slow = Slow()
    ready = ResponseCache(slow.states, fresh=3600)
    found: list[bool] = []

    async def ask() -> None:
        found.append(await ready._is_current(kept))

    def asking() -> int:
        moment = ready.states._moments.get(kept.states[0].partition)
        return (
            0 if moment is None or moment.pending_read is None else moment.pending_read.ended.statistics().tasks_waiting
        )

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(ask)
        await until(lambda: slow.asked + asking() == 10)
        slow.open.set()
    assert (slow.asked, found) == (1, [True] * 10)


async def test_where_the_server_does_not_tell_the_application_answers(house: House) -> None:
    async def silent(partitions: Sequence[int]) -> list[ViewState]:
        raise Unavailable(f"partitions {partitions} are silent")

    await house.post(ADA)
    await house.get(PAGE)
    kept = next(iter(house.services.response_cache._entries.values()))  # type: ignore[union-attr] # there is one in a house
    assert not await ResponseCache(silent)._is_current(kept)
