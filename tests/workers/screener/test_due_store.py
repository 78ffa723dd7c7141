"""What is due is stored in one step with the cursor, by the holder of the lease alone."""

from collections.abc import AsyncIterator

import pytest

from core.position import START, Position
from tests.support.projecting import Bench, bench
from workers.coordination.leases import SCREENING, Leases
from workers.screener.due_store import DueItem, DueStore, item_of

ASK = DueItem("ask", "kew", "palm-house", "c1")
TELL = DueItem("tell", "kew", "palm-house", "c1")


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    async with bench(fresh) as here:
        yield here


async def lease(here: Bench) -> str:
    nonce = await Leases(here.deployment.calls, here.deployment.keys, "one", of=SCREENING).take(0)
    assert nonce is not None
    return nonce


async def test_nothing_is_due_at_first_and_the_log_is_looked_at_from_its_beginning(here: Bench) -> None:
    store = DueStore(here.deployment.calls, here.deployment.keys)
    assert await store.cursor(0) == START
    assert await store.due(0) == {}


async def test_the_cursor_is_stored_with_what_is_due_up_to_it(here: Bench) -> None:
    store, nonce = DueStore(here.deployment.calls, here.deployment.keys), await lease(here)
    assert await store.commit(0, nonce, Position(5, 2), {ASK: Position(5, 1), TELL: Position(5, 2)})
    assert await store.cursor(0) == Position(5, 2)
    assert await store.due(0) == {ASK: Position(5, 1), TELL: Position(5, 2)}


async def test_what_was_done_is_struck_out_unless_a_later_event_asks_for_it(here: Bench) -> None:
    store, nonce = DueStore(here.deployment.calls, here.deployment.keys), await lease(here)
    await store.commit(0, nonce, Position(5, 1), {ASK: Position(5, 1)})
    await store.commit(0, nonce, Position(6, 2), {ASK: Position(6, 2)})
    assert await store.strike(0, nonce, ASK, Position(5, 1))
    assert await store.due(0) == {ASK: Position(6, 2)}
    assert await store.strike(0, nonce, ASK, Position(6, 2))
    assert await store.due(0) == {}
    assert await store.strike(0, nonce, ASK, Position(6, 2)), "a repeat changes nothing"


async def test_who_lost_the_lease_stores_nothing(here: Bench) -> None:
    store, nonce = DueStore(here.deployment.calls, here.deployment.keys), await lease(here)
    await store.commit(0, nonce, Position(5, 1), {ASK: Position(5, 1)})
    await here.call("HSET", here.deployment.keys[0].screening_lease, "nonce", "somebody's")
    assert not await store.commit(0, nonce, Position(6, 2), {TELL: Position(6, 2)})
    assert not await store.strike(0, nonce, ASK, Position(5, 1))
    assert await store.cursor(0) == Position(5, 1)
    assert await store.due(0) == {ASK: Position(5, 1)}


def test_an_item_is_read_back_as_it_was() -> None:
    assert [item_of(one.field) for one in (ASK, TELL)] == [ASK, TELL]
