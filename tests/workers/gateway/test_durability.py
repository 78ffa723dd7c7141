"""What a write is answered with where a replica has not got it yet."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from core.redis import confirmation
from tests.support.clusters import Node, Sentinels, sentinels
from tests.support.house import ADA, BEN, MOD, THREAD, House, at, built

COMMENTS = f"threads/{THREAD}/comments"


@pytest.fixture(scope="module")
def pair() -> Iterator[Sentinels]:
    with sentinels(watchers=0) as there:
        yield there


@pytest.fixture
async def house(pair: Sentinels) -> AsyncIterator[House]:
    pair.nodes[0].ask("FLUSHALL")
    async with built(pair.nodes[0].url, durability="replicated") as house:
        await house.open_site()
        await house.open_thread()
        yield house


@pytest.fixture
def replica(pair: Sentinels) -> Iterator[Node]:
    yield pair.nodes[1]
    pair.nodes[1].thaw()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What will not come is not waited for long; what will come has the time it needs."""
    monkeypatch.setattr(confirmation, "REPLICATED_WITHIN", 0.3)


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.headers["hansard-durability"]


def counted(durability: str) -> float:
    return REGISTRY.get_sample_value("hansard_acknowledgements_total", {"durability": durability}) or 0.0


async def test_every_write_says_how_safe_it_is(house: House) -> None:
    before = counted("replicated")
    posted = await house.ask("POST", COMMENTS, ADA, {"body": "Hello."})
    assert told(posted) == (201, "replicated")
    comment = posted.json()["comment"]["id"]
    assert told(await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})) == (200, "replicated")
    assert told(await house.ask("PUT", "members/ben/suspension", MOD, {"reason": "Insults."})) == (200, "replicated")
    assert told(await house.ask("PUT", f"threads/{THREAD}/status", MOD, {"status": "closed"})) == (200, "replicated")
    keys = {"hs256": ["the secret of the site kew, 32 bytes long", "another secret that is 32 bytes and more"]}
    assert told(await house.ask("PUT", "keys", body=keys, operator=True)) == (200, "replicated")
    assert counted("replicated") == before + 5
    assert "hansard-durability" not in (await house.get(f"threads/{THREAD}")).headers
    assert "hansard-durability" not in (await house.ask("POST", COMMENTS, ADA, {"body": ""})).headers


async def test_what_is_not_confirmed_is_202_until_it_is(house: House, replica: Node) -> None:
    before = counted("memory")
    replica.freeze()
    first = await house.ask("POST", COMMENTS, ADA, {"body": "Hello."}, Idempotency_Key="k")
    assert told(first) == (202, "memory")
    assert first.headers["location"].endswith(first.json()["comment"]["id"])
    again = await house.ask("POST", COMMENTS, ADA, {"body": "Hello."}, Idempotency_Key="k")
    assert told(again) == (202, "memory")
    assert again.json() == first.json()
    assert counted("memory") == before + 2
    replica.thaw()
    while told(answer := await house.ask("POST", COMMENTS, ADA, {"body": "Hello."}, Idempotency_Key="k")) != (
        201,
        "replicated",
    ):
        assert told(answer) == (202, "memory")
    assert answer.json() == first.json()
    assert await house.rows() == [{**answer.json()["comment"], "replies": {"count": 0, "comments": [], "next": None}}]


async def test_a_write_that_changes_nothing_is_as_safe_as_what_made_it_so(house: House, replica: Node) -> None:
    comment = await house.post(ADA)
    replica.freeze()
    vote = f"{at(comment)}/vote"
    assert told(await house.ask("PUT", vote, BEN, {"value": 1})) == (202, "memory")
    assert told(await house.ask("PUT", vote, BEN, {"value": 1})) == (202, "memory")
    replica.thaw()
    while told(await house.ask("PUT", vote, BEN, {"value": 1})) != (200, "replicated"):
        pass


async def test_decisions_in_bulk_wait_once_and_are_202_where_one_is_not_confirmed(
    house: House, replica: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    comments = [await house.post(ADA, f"Number {number}.") for number in range(5)]
    body = {"decisions": [{"thread": THREAD, "comment": one, "verdict": "hold", "revision": 1} for one in comments]}
    body["decisions"].append({"thread": THREAD, "comment": "nobody", "verdict": "hold", "revision": 1})
    replica.freeze()
    answer = await house.ask("POST", "moderation/decisions", MOD, body, Idempotency_Key="k")
    assert told(answer) == (202, "memory")
    results = answer.json()["results"]
    assert [one["comment"] for one in results] == [*comments, "nobody"]
    assert ["position" in one for one in results] == [True] * 5 + [False]
    replica.thaw()
    while told(again := await house.ask("POST", "moderation/decisions", MOD, body, Idempotency_Key="k")) != (
        200,
        "replicated",
    ):
        pass
    assert again.json() == answer.json()
    refused = {"decisions": body["decisions"][-1:]}
    nothing = await house.ask("POST", "moderation/decisions", MOD, refused)
    assert nothing.status_code == 200
    assert "hansard-durability" not in nothing.headers
