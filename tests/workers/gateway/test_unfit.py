"""A gateway whose deployment is gone, another's or newer than it: no writes, not ready, and no other harm."""

from typing import Any

import msgspec
import pytest

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.keys import DEPLOYMENT
from core.log.port import NewEvent
from core.log.redis import RedisLog
from core.position import START
from tests.support.house import ADA, ADMIN, BEN, MOD, SECRET, SITE, THREAD, House, at, problem
from tests.support.logs import RedisPlace
from tests.support.poisoning import put

SPOILS = [
    pytest.param(("DEL", DEPLOYMENT), "record of the deployment is gone", id="gone"),
    pytest.param(("HSET", DEPLOYMENT, "id", "another"), "another deployment", id="foreign"),
    pytest.param(("HSET", DEPLOYMENT, "format", "9"), "has format 9", id="format"),
]


async def writes(house: House, comment: str) -> list[Any]:
    """An answer of every kind of write: on the site, its keys, a thread, a comment, a vote."""
    return [
        await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "Words."}),
        await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1}),
        await house.ask("PATCH", at(comment), ADA, {"body": "Other words."}, If_Match='"1"'),
        await house.ask("PUT", f"threads/{THREAD}/status", MOD, {"status": "closed"}),
        await house.ask("PATCH", "policy", ADMIN, {"votes": False}),
        await house.ask("PUT", "keys", body={"hs256": [SECRET + " another"]}, operator=True),
        await house.ask(
            "PUT", "/v1/sites/other", body={"name": "Other", "policy": {}, "keys": {"hs256": [SECRET]}}, operator=True
        ),
    ]


@pytest.mark.parametrize(("spoil", "why"), SPOILS)
async def test_it_takes_no_writes_and_is_not_ready_until_the_record_is_right_again(
    house: House, spoil: tuple[Any, ...], why: str
) -> None:
    comment = await house.post(ADA)
    call = house.deployment.calls.call
    record = await call("HGETALL", DEPLOYMENT)
    keys = await call("HGETALL", house.deployment.keys.of(SITE).site_keys(SITE))
    before = await house.length()
    await call(*spoil)
    await house.deployment.record.read()
    for answer in await writes(house, comment):
        told = problem(answer, 503, "unavailable")
        assert why in told["detail"]
        assert int(answer.headers["retry-after"]) > 0
    assert await house.length() == before
    assert await call("HGETALL", house.deployment.keys.of(SITE).site_keys(SITE)) == keys
    assert await call("EXISTS", house.deployment.keys.of("other").site_keys("other")) == 0
    assert why in problem(await house.get("/readyz"), 503, "unavailable")["detail"]
    assert (await house.get("/healthz")).status_code == 200
    assert (await house.get(f"threads/{THREAD}")).status_code == 200
    await call("HSET", DEPLOYMENT, *record)
    await house.deployment.record.read()
    assert (await house.get("/readyz")).status_code == 200
    await house.post(ADA, "Words again.")


async def test_on_a_server_that_was_emptied_a_write_is_not_available_and_not_unknown(house: House) -> None:
    comment = await house.post(ADA)
    await house.deployment.writing.flushall()
    await house.deployment.record.read()
    for answer in await writes(house, comment):
        problem(answer, 503, "unavailable")
    assert await house.length() == 0


UNKNOWN = [
    pytest.param(b'{"type":"comment.sung"', b"", id="type"),
    pytest.param(b'{"v":7,"type":"comment.edited"', b"", id="version"),
    pytest.param(b'{"type":"comment.edited"', b"\x07of a later version", id="scheme"),
]


@pytest.mark.parametrize(("e", "c"), UNKNOWN)
async def test_a_write_on_a_comment_with_an_event_that_is_not_known_asks_to_come_again(
    house: House, e: bytes, c: bytes
) -> None:
    comment = await house.post(ADA)
    other = await house.post(ADA, "Others.")
    house.hold()  # only what is decided is looked at here
    e += b',"actor":{"id":"ada"},"site":"%b","thread":"%b","comment":"%b"' % tuple(
        map(str.encode, (SITE, THREAD, comment))
    )
    await put(house.log, THREAD, NewEvent(head=heads.comment(comment), e=e, c=c), SITE)
    position = str(await house.log.thread_last(SITE, THREAD))
    for answer in (
        await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1}),
        await house.ask("PATCH", at(comment), ADA, {"body": "Other words."}, If_Match='"1"'),
        await house.ask("DELETE", at(comment), ADA),
        await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "spam"}),
        await house.ask("POST", f"{at(comment)}/decisions", MOD, {"verdict": "reject", "revision": 1}),
        await house.ask("POST", f"threads/{THREAD}/comments", BEN, {"body": "Answer.", "parent": comment}),
    ):
        told = problem(answer, 503, "unavailable")
        assert "this version of Hansard does not know" in told["detail"]
        assert position not in answer.text, "which event it is would tell of one that is hidden"
        assert int(answer.headers["retry-after"]) > 0
    many = [{"thread": THREAD, "comment": one, "verdict": "reject", "revision": 1} for one in (comment, other)]
    each = await house.ask("POST", "moderation/decisions", MOD, {"decisions": many})
    assert each.status_code in (200, 202), each.text
    first, second = each.json()["results"]
    assert (first["problem"]["type"], first["problem"]["status"]) == ("/problems/unavailable", 503)
    assert "position" in second, "every other comment of the thread goes on"


async def test_a_vote_in_a_form_that_is_not_known_asks_to_come_again(house: House) -> None:
    comment = await house.post(ADA)
    house.hold()
    e = b'{"v":7,"type":"vote.cast","actor":{"id":"ben"},"site":"%b","thread":"%b","comment":"%b"' % tuple(
        map(str.encode, (SITE, THREAD, comment))
    )
    await put(house.log, THREAD, NewEvent(head=heads.vote(comment, "ben"), e=e, c=b"", note="strongly for"), SITE)
    answer = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
    problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def test_where_the_log_is_not_whole_a_write_is_refused_and_readers_go_on(house: House) -> None:
    comment = await house.post(ADA)
    deployment = house.deployment
    partition = deployment.keys.of(SITE, THREAD)
    (entry,) = (
        one for one in await RedisLog(deployment).read(partition.number, START, limit=99) if comment.encode() in one.e
    )
    await house.post(ADA, "The newest.")
    before = await deployment.calls.call("XLEN", partition.log)
    await deployment.calls.call("XDEL", partition.log, str(entry.position))
    for answer in (await writes(house, comment))[:4]:
        told = problem(answer, 503, "unavailable")
        assert f"partition {partition.number} is not whole at " in told["detail"]
        assert "1 of " in told["detail"]
        assert int(answer.headers["retry-after"]) > 0
    assert await deployment.calls.call("XLEN", partition.log) == before - 1
    assert (await house.get(f"threads/{THREAD}")).status_code == 200
    assert (await house.get("/readyz")).status_code == 200
    await RedisPlace(deployment).accept(partition.number)
    await house.post(BEN, "Writes go on.")
    house.serve(msgspec.structs.replace(house.services, aggregate_cache=AggregateCache()))  # as after a start
    edited = await house.ask("PATCH", at(comment), ADA, {"body": "Other words."}, If_Match='"1"')
    told = problem(edited, 503, "unavailable")
    assert told["detail"] == "an event that this request depends on is missing from the log"
