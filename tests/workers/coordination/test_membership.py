"""Who is alive, by what the server holds; and whom a partition belongs to."""

import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.keys import WORKERS
from core.redis.deployment import Deployment, open_deployment
from workers.coordination.leases import LASTS_MS, RENEWED_S
from workers.coordination.membership import Membership, owner
from workers.coordination.ownership import TAKE_ATTEMPTS

PARTITIONS = range(64)

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
teams = st.sets(names, min_size=1, max_size=8)


@given(teams, names)
def test_when_a_worker_comes_or_goes_only_its_own_partitions_move(team: set[str], other: str) -> None:
    smaller, larger = team - {other}, team | {other}
    for partition in PARTITIONS:
        before, after = owner(partition, smaller), owner(partition, larger)
        assert after in (before, other)


@given(teams, st.randoms())
def test_all_come_to_the_same_in_whatever_order_they_are_told(team: set[str], chance: random.Random) -> None:
    told = sorted(team)
    chance.shuffle(told)
    assert [owner(partition, told) for partition in PARTITIONS] == [owner(partition, team) for partition in PARTITIONS]


@settings(max_examples=25)
@given(teams)
def test_every_worker_gets_about_as_much_as_any_other(team: set[str]) -> None:
    many = 2048
    shares = Counter(owner(partition, team) for partition in range(many))
    fair = many / len(team)
    assert shares.keys() == team
    # Nearly seven standard deviations at eight workers.
    assert all(0.6 * fair <= share <= 1.4 * fair for share in shares.values()), shares


def test_nothing_belongs_to_nobody() -> None:
    assert owner(0, []) is None


def test_what_a_worker_had_is_another_s_within_15_seconds_of_its_end() -> None:
    # Its lease and its word run out; the others look who is alive; they ask for what is theirs now.
    assert LASTS_MS / 1000 + RENEWED_S + RENEWED_S / TAKE_ATTEMPTS < 15


@pytest.fixture
async def server_of(fresh: str) -> AsyncIterator[Deployment]:
    async with open_deployment(fresh, partitions=1) as deployment:
        yield deployment


async def counts_until(deployment: Deployment, worker: str, ms: int) -> None:
    """Let the word of a worker count until `ms` after now, by the server's time."""
    seconds, micros = await deployment.calls.call("TIME")
    await deployment.calls.call("ZADD", WORKERS, int(seconds) * 1000 + int(micros) // 1000 + ms, worker)


async def test_who_attends_is_alive_until_it_leaves(server_of: Deployment) -> None:
    one, two = Membership(server_of.calls, "one"), Membership(server_of.calls, "two")
    assert await one.renew() == {"one"}
    assert await two.renew() == {"one", "two"}
    assert await one.renew() == {"one", "two"}
    assert await one.leave() == {"two"}
    assert await one.leave() == {"two"}
    assert await two.leave() == set()
    assert await server_of.calls.call("EXISTS", WORKERS) == 0


async def test_who_was_not_heard_of_for_long_is_alive_no_more(server_of: Deployment) -> None:
    one = Membership(server_of.calls, "one")
    await counts_until(server_of, "gone", -1)
    await counts_until(server_of, "there", 5000)
    assert await one.renew() == {"one", "there"}
    assert await server_of.calls.call("ZSCORE", WORKERS, "gone") is None


async def test_a_word_from_before_the_clock_jumped_back_counts_no_more(server_of: Deployment) -> None:
    await counts_until(server_of, "gone", 3_600_000)
    assert await Membership(server_of.calls, "one").renew() == {"one"}


async def test_nothing_is_left_of_workers_that_were_all_killed(server_of: Deployment) -> None:
    await Membership(server_of.calls, "one").renew()
    assert 0 < await server_of.calls.call("PTTL", WORKERS) <= LASTS_MS
