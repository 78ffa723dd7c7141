"""Rates of writes over HTTP: whom they refuse, what they count, and whom they leave alone."""

from collections import Counter
from functools import partial
from typing import Any, Final

import httpx2
import msgspec
import pytest
from redis import Redis

from core.application.aggregate_cache import AggregateCache
from core.concurrency import gathered
from core.keys import ANY, EVERY
from tests.support.house import ADA, ADMIN, ADMIN_SECRET, BEN, EVE, MOD, SITE, THREAD, House, Who, at, problem
from tests.support.servers import client
from workers.gateway.http.client_address import ClientAddress
from workers.gateway.http.networks import Networks
from workers.gateway.operations.operation import Access
from workers.gateway.operations.table import OPERATIONS
from workers.runtime.metrics import RATES_EXCEEDED, RATES_NOT_COUNTED

DIGITS: Final = 16
"""Digits of the time that a rate begins with."""
SLOW: Final = 86_400
"""Seconds between two writes where a test is about the burst alone: it does not grow while the test runs."""


@pytest.fixture
async def normal(empty: House) -> House:
    """A house with the rates of a policy that says nothing of them."""
    await empty.open_site(rates="normal")
    await empty.open_thread()
    return empty


async def allow(house: House, rates: Any) -> None:
    assert (await house.ask("PATCH", "policy", ADMIN, {"rates": rates})).status_code == 200
    assert (await house.get(f"threads/{THREAD}/me", ADA)).status_code == 200  # the gateway has read the policy


def burst(of: int, **more: Any) -> dict[str, Any]:
    return {"posts": {"every": SLOW, "burst": of}, **more}


async def post(house: House, who: Who = ADA, *, thread: str = THREAD, key: str = "", **headers: str) -> httpx2.Response:
    if key:
        headers["Idempotency_Key"] = key
    path = f"threads/{thread}/comments"
    return await house.ask("POST", path, who, {"body": "Words."}, operator=False, **headers)


async def statuses(house: House, number: int, who: Who = ADA, **more: Any) -> list[int]:
    return [(await post(house, who, **more)).status_code for _ in range(number)]


def later(url: str, seconds: float) -> None:
    """Let time pass for all rates."""
    with client(url) as connection:
        for key in keys_of(connection):
            value: Any = connection.get(key)
            arrival = int(value[:DIGITS]) - int(seconds * 1_000_000)
            connection.set(key, b"%016d" % arrival + value[DIGITS:], keepttl=True)


def keys_of(connection: Redis) -> list[Any]:
    return connection.keys(EVERY.rate(ANY, ANY, ANY))


async def test_of_a_members_hundred_posts_at_once_eighty_are_refused_and_all_others_go_on(normal: House) -> None:
    asked = [partial(post, normal, key=f"post-{number}") for number in range(100)]
    answers = await gathered(asked)
    counted = Counter(answer.status_code for answer in answers)
    assert counted[429] >= 80
    assert counted[201] == 100 - counted[429] > 0
    for answer in answers:
        if answer.status_code == 429:
            problem(answer, 429, "too-many-requests")
            assert int(answer.headers["retry-after"]) > 0
    first = next(number for number, answer in enumerate(answers) if answer.status_code == 201)
    again = await post(normal, key=f"post-{first}")
    assert (again.status_code, again.json()["position"]) == (201, answers[first].json()["position"])
    assert await statuses(normal, 1, BEN) == [201]
    assert await statuses(normal, 15, MOD) == [201] * 15


async def test_a_rate_tells_when_the_next_write_is_allowed(normal: House, fresh: str) -> None:
    assert await statuses(normal, 10) == [201] * 10
    refused = await post(normal, key="next")
    assert "member" in problem(refused, 429, "too-many-requests")["detail"]
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 3
    later(fresh, wait)
    assert (await post(normal, key="next")).status_code == 201


async def test_a_flood_by_one_author_over_many_threads_is_one_flood(house: House) -> None:
    await allow(house, burst(3))
    for number in range(4):
        await house.open_thread(f"t-{number}")
    assert [(await post(house, thread=f"t-{number}")).status_code for number in range(4)] == [201, 201, 201, 429]


async def test_a_repeat_is_answered_and_not_counted(house: House) -> None:
    await allow(house, burst(2))
    first = await post(house, key="one")
    repeats = [await post(house, key="one") for _ in range(5)]
    assert {answer.json()["position"] for answer in repeats} == {first.json()["position"]}
    assert await statuses(house, 2) == [201, 429]
    assert (await post(house, key="one")).status_code == 201


async def test_a_refusal_is_not_kept(house: House, fresh: str) -> None:
    await allow(house, burst(1))
    assert (await post(house, key="one")).status_code == 201
    assert [(await post(house, key="two")).status_code for _ in range(3)] == [429] * 3
    later(fresh, SLOW)
    assert (await post(house, key="two")).status_code == 201
    assert (await post(house, key="three")).status_code == 429


async def test_the_last_keys_are_known_twice_the_burst_and_eight_at_least(house: House, fresh: str) -> None:
    await allow(house, burst(1))
    for number in range(9):
        assert (await post(house, key=f"post-{number}")).status_code == 201
        later(fresh, SLOW)
    assert (await post(house, key="last")).status_code == 201
    known = [(await post(house, key=f"post-{number}")).status_code for number in range(9)]
    assert known == [429, 429, *[201] * 7], "seven of nine, and the last one"
    later(fresh, SLOW)
    assert (await post(house, key="post-0")).status_code == 201, "an older repeat is answered when it is tried again"


async def test_edits_and_restorations_count_as_posts_and_withdrawals_are_free(house: House) -> None:
    await allow(house, burst(3))
    comment = await house.post(ADA)
    edit = partial(house.ask, "PATCH", at(comment), ADA)
    assert (await edit({"body": "Other words."}, If_Match='"1"')).status_code == 200
    assert (await house.ask("DELETE", at(comment), ADA)).status_code == 200
    assert (await house.ask("POST", f"{at(comment)}/restoration", ADA)).status_code == 200
    problem(await edit({"body": "More words."}, If_Match='"2"'), 429, "too-many-requests")
    problem(await house.ask("POST", f"{at(comment)}/restoration", ADA), 429, "too-many-requests")
    assert (await house.ask("DELETE", at(comment), ADA)).status_code == 200


async def test_votes_and_reports_have_rates_of_their_own(house: House) -> None:
    await allow(house, burst(1, votes={"every": SLOW, "burst": 2}, reports={"every": SLOW, "burst": 1}))
    one, two = await house.post(BEN), await house.post(EVE)
    vote = partial(house.ask, "PUT", body={"value": 1}, who=ADA)
    report = partial(house.ask, "POST", body={"reason": "spam"}, who=ADA)
    assert [(await vote(path=f"{at(one)}/vote")).status_code for _ in range(3)] == [200, 200, 429]
    assert (await report(path=f"{at(one)}/reports")).status_code == 201
    assert (await report(path=f"{at(two)}/reports")).status_code == 429
    assert await statuses(house, 2) == [201, 429]


async def test_a_kind_may_have_no_limit_and_the_others_are_normal(house: House) -> None:
    await allow(house, {"posts": None, "votes": {"every": SLOW, "burst": 1}})
    assert await statuses(house, 12) == [201] * 12


async def test_without_rates_nobody_is_refused(house: House) -> None:
    assert await statuses(house, 12) == [201] * 12


async def test_members_open_a_few_threads_an_hour_and_write_on_in_them(normal: House) -> None:
    changed = await normal.ask("PATCH", "policy", ADMIN, {"origins": ["https://kew.example"]})
    assert changed.status_code == 200

    async def open_(who: Who, thread: str) -> int:
        body = {"body": "First.", "url": f"https://kew.example/{thread}", "title": thread}
        return (await normal.ask("POST", f"threads/{thread}/comments", who, body)).status_code

    assert [await open_(ADA, f"t-{number}") for number in range(6)] == [201] * 5 + [429]
    assert await open_(BEN, "t-6") == 201
    assert await open_(ADA, "t-6") == 201, "it is open already"
    assert [await open_(MOD, f"s-{number}") for number in range(6)] == [201] * 6


async def test_many_authors_of_one_network_are_one_flood_where_proxies_are_trusted(house: House, fresh: str) -> None:
    await allow(house, burst(1, network=3))
    authors = [Who(f"u-{number}") for number in range(5)]

    async def flood(address: str, who: Who) -> int:
        return (await post(house, who, X_Forwarded_For=address)).status_code

    assert [await flood("192.0.2.1", who) for who in authors] == [201] * 5, "no proxy is trusted here"
    later(fresh, SLOW)
    house.serve(msgspec.structs.replace(house.services, networks=Networks(ClientAddress(1), ADMIN_SECRET)))
    before = RATES_EXCEEDED.labels("network")._value.get()
    assert [await flood("192.0.2.1", who) for who in authors] == [201, 201, 201, 429, 429]
    assert RATES_EXCEEDED.labels("network")._value.get() == before + 2
    assert await flood("192.0.2.2", authors[3]) == 201, "what the network refused does not count for its member"
    later(fresh, SLOW)
    await allow(house, burst(1, network=0))
    assert [await flood("192.0.2.1", who) for who in authors] == [201] * 5


async def test_no_key_has_an_address_and_every_key_ends(house: House, fresh: str) -> None:
    house.serve(msgspec.structs.replace(house.services, networks=Networks(ClientAddress(1), ADMIN_SECRET)))
    await allow(house, "normal")
    assert (await post(house, X_Forwarded_For="192.0.2.1")).status_code == 201
    with client(fresh) as connection:
        keys = keys_of(connection)
        assert len(keys) == 2
        assert not [key for key in keys if b"192" in key]
        assert all(0 < connection.pttl(key) <= 3_600_000 for key in keys)


async def test_where_the_rate_cannot_be_counted_the_write_goes_on_and_that_is_told(house: House, fresh: str) -> None:
    await allow(house, burst(1))
    before = RATES_NOT_COUNTED._value.get()
    with client(fresh) as connection:
        connection.set(house.deployment.keys.of(SITE).rate(SITE, "posts", f"m:{ADA.id}"), "of another program")
    assert await statuses(house, 3) == [201] * 3
    assert RATES_NOT_COUNTED._value.get() == before + 3


async def test_where_the_policy_is_not_cached_the_normal_rates_count(house: House, fresh: str) -> None:
    await allow(house, burst(12))
    house.serve(msgspec.structs.replace(house.services, aggregate_cache=AggregateCache()))
    assert (await post(house)).status_code == 201
    with client(fresh) as connection:
        (value,) = (connection.get(key) for key in keys_of(connection))
        seconds, _ = connection.time()
    assert int(value[:DIGITS]) / 1e6 - seconds < 60, "three seconds, not a day"
    assert await statuses(house, 13) == [201] * 11 + [429] * 2


async def test_a_caller_whom_the_current_keys_do_not_confirm_learns_nothing_of_rates(house: House) -> None:
    await allow(house, burst(1))
    assert await statuses(house, 2) == [201, 429]
    changed = await house.ask("PUT", "keys", body={"hs256": ["n" * 16 + "o" * 16]}, operator=True)
    assert changed.status_code == 200
    problem(await post(house), 401, "unauthenticated")


async def test_a_malformed_write_counts_for_nothing(house: House) -> None:
    await allow(house, burst(1))
    for _ in range(3):
        problem(await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"text": "?"}), 400, "bad-request")
    assert await statuses(house, 1) == [201]


UNCOUNTED: Final = {
    "withdrawComment": "a comment is withdrawn once, and restored by a write that counts",
    "acknowledgeWarning": "a warning of staff is acknowledged once",
    "endRemovalRequest": "a request is taken back once, and made again by a write that counts",
    "markSeen": "a statement is told once, and a call that tells none writes nothing",
    "fileNotice": "counted for its site, unless staff file it",
    "takeGuestToken": "counted for its site, unless it goes on for a guest",
}
"""Writes that members, or anyone, may make without a rate, and why."""


def test_every_write_of_a_member_has_a_rate_or_a_reason_for_none() -> None:
    staff = {Access.STAFF, Access.MODERATOR, Access.ADMIN, Access.AUDITOR, Access.OPERATOR, Access.ADMIN_OR_OPERATOR}
    writes = [one for one in OPERATIONS if one.method != "GET" and one.access not in staff]
    assert {one.name for one in writes if one.rate is None} == set(UNCOUNTED)
    assert [one.name for one in OPERATIONS if one.rate is not None and one not in writes] == []
