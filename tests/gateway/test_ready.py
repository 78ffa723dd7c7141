"""Answers that are kept ready: never another answer than the one that would be made, and never an old one."""

import anyio
import httpx2
from msgspec.structs import replace

from core.refusals import Unavailable
from projections.queries import Seen
from projections.refolding import refold
from projections.store import Store
from tests.gateway.house import ADA, BEN, SITE, THREAD, House, at
from workers import metrics
from workers.gateway.app import build
from workers.gateway.ready import ReadyAnswers

PAGE = f"threads/{THREAD}"


def count(outcome: str) -> int:
    return int(metrics.READY_ANSWERS.labels(outcome)._value.get())


async def made(house: House, path: str = PAGE) -> bool:
    """Whether reading it once more made the answer."""
    before = count("made")
    await house.get(path)
    return count("made") > before


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
    trusting = ReadyAnswers(house.views, fresh=3600)
    await house.get(PAGE)
    kept = next(iter(house.services.ready._kept.values()))  # type: ignore[union-attr] # there is one in a house
    assert await trusting._holds(kept)
    await house.post(BEN)
    assert await trusting._holds(kept)
    trusting._moments[kept.seen.partition].at -= 3601
    assert not await trusting._holds(kept)


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
    small = ReadyAnswers(house.views, fresh=0, most_bytes=20_000)
    transport = httpx2.ASGITransport(build(replace(house.services, ready=small)))
    paths = [f"/v1/sites/{SITE}/threads/{THREAD}?limit={limit}" for limit in range(1, 31)]
    async with httpx2.AsyncClient(transport=transport, base_url="http://hansard.example") as client:
        for path in paths:
            await client.get(paths[0])
            await client.get(path)
    assert 2 < len(small._kept) < 20
    assert small.bytes <= 20_000
    assert {query for _, query in small._kept} >= {b"limit=1", b"limit=30"}


async def test_where_the_server_does_not_tell_the_application_answers(house: House) -> None:
    class Silent:
        async def seen(self, partition: int) -> Seen:
            raise Unavailable(f"partition {partition} is silent")

    await house.post(ADA)
    await house.get(PAGE)
    kept = next(iter(house.services.ready._kept.values()))  # type: ignore[union-attr] # there is one in a house
    assert not await ReadyAnswers(Silent())._holds(kept)
