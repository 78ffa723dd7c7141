"""Tests of the tests: where an invariant is broken on purpose, the oracle says so, and says nothing where it is not.

The mutations are made here, in the text of a script or in a method, and nowhere else.
"""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from anyio.to_thread import run_sync

from core.log import redis as redis_log
from core.log.redis import APPEND, LOAD
from core.redis import in_flight
from core.redis.deployment import open_deployment
from projections.views import store
from projections.views.store import COMMIT
from tests.faults import oracle
from tests.faults.inside import PARTITIONS, Inside, Projecting, inside
from tests.faults.mutations import changed
from tests.faults.oracle import worst
from tests.faults.record import Deed
from tests.faults.servers import shut_out
from tests.faults.stage import alone
from tests.support.bounds import BOUND
from tests.support.clusters import until
from tests.support.servers import engines
from workers.projector import projector

NONCE = "if redis.call('HGET', lease, 'nonce') ~= nonce then\n  return 'FENCED'\nend\n"
CURSOR, ANY_CURSOR = "if there ~= before or served", "if served"
LAST = "if last ~= '' then"
KEYS = "for i = 4, 5 do"
NO_KEYS = "for i = 4, 3 do"
NEVER = "if false then"
POSITIONS = "if position ~= ARGV[10 + 2 * i] then"
DENSE = "n = n + 1\n  local position"
MISSING = "missing > 0"


@pytest.fixture
async def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[Inside]:
    monkeypatch.setattr(projector, "RENEWED_S", 0.02)
    # Where something is broken, what does not catch up never will. Elsewhere it does, however slow the machine is.
    broken = "mutated" not in request.fixturenames or request.getfixturevalue("mutated")
    monkeypatch.setattr(oracle, "LEVEL_WITHIN", 1.0 if broken else BOUND)
    async with inside(tmp_path) as here:
        await here.begin("t")
        yield here


async def holds_a_commit(one: Projecting) -> None:
    """Wait until a projector that is frozen was about to write what it has read."""
    with anyio.fail_after(BOUND):
        while not any(script.name == COMMIT.name for script in one.gate.waiting):
            await checkpoint()


def of(here: Inside, kind: str, member: str, comment: str = "", **facts: Any) -> Deed:
    """A deed in the first thread."""
    thread = here.scene.threads[0]
    key = f"own-{len(here.record.deeds)}"
    path = f"/v1/sites/kew/threads/{thread}/comments/{comment}"
    return here.record.begin(
        Deed(key=key, kind=kind, member=member, method="PUT", path=path, thread=thread, comment=comment, facts=facts)  # type: ignore[arg-type] # one of its words
    )


async def posted(here: Inside) -> str:
    """A comment that is there."""
    deed = of(here, "post", "u-1", "c1", body="words")
    await here.attempt(deed)
    return deed.comment


@pytest.mark.parametrize("mutated", [False, True])
async def test_a_projector_that_lost_its_partition_and_may_write_is_found(
    here: Inside, monkeypatch: pytest.MonkeyPatch, mutated: bool
) -> None:
    if mutated:
        monkeypatch.setattr(store, "COMMIT", changed(COMMIT, NONCE))
    first = await here.project("one")
    await here.write(5, random.Random(1))
    await here.level()
    await here.zombies.look()
    here.kill(first)
    await here.forget_leases()
    await here.project("two")
    await here.write(5, random.Random(2))
    await here.level()
    verdict = await here.settle()
    assert here.zombies.tried == 2
    assert ("zombie" in worst(verdict.findings)) is mutated, verdict.findings
    assert ("view" in worst(verdict.findings)) is mutated


@pytest.mark.parametrize("mutated", [False, True])
async def test_a_commit_that_does_not_fit_what_is_stored_is_found(
    here: Inside, monkeypatch: pytest.MonkeyPatch, mutated: bool
) -> None:
    if mutated:
        monkeypatch.setattr(store, "COMMIT", changed(changed(COMMIT, CURSOR, ANY_CURSOR), LAST, NEVER))
    one = await here.project("one")
    await here.write(5, random.Random(1))
    await here.level()
    saved, kept = await here.saved(), len(here.record.deeds)
    await here.write(5, random.Random(2))
    await here.level()
    one.gate.shut()
    await here.write(5, random.Random(3))
    await holds_a_commit(one)
    # A failover that lost what came after the first writes, while the projector held a commit in its hands.
    await here.go_back(saved)
    del here.record.deeds[kept:]
    verdict = await here.settle()
    assert ({"view", "cursor"} & worst(verdict.findings).keys() != set()) is mutated, verdict.findings


@pytest.mark.parametrize("mutated", [False, True])
async def test_a_commit_of_events_that_a_failover_took_away_is_found(
    here: Inside, monkeypatch: pytest.MonkeyPatch, mutated: bool
) -> None:
    if mutated:
        monkeypatch.setattr(store, "COMMIT", changed(COMMIT, LAST, NEVER))
    one = await here.project("one")
    await here.write(5, random.Random(1))
    await here.level()
    saved, kept = await here.saved(), len(here.record.deeds)
    one.gate.shut()
    await here.write(5, random.Random(2))
    await holds_a_commit(one)
    # Read from a server that was replaced then: the cursor of the other is where the commit expects it.
    await here.go_back(saved)
    del here.record.deeds[kept:]
    verdict = await here.settle()
    assert ({"view", "cursor"} & worst(verdict.findings).keys() != set()) is mutated, verdict.findings


@pytest.mark.parametrize("mutated", [False, True])
async def test_a_key_that_is_not_looked_up_is_found(
    here: Inside, monkeypatch: pytest.MonkeyPatch, mutated: bool
) -> None:
    if mutated:
        monkeypatch.setattr(redis_log, "APPEND", changed(APPEND, KEYS, NO_KEYS))
        monkeypatch.setattr(redis_log, "LOAD", changed(LOAD, KEYS, NO_KEYS))
    await here.project("one")
    comment = await posted(here)
    up, down = of(here, "vote", "u-2", comment, value=1), of(here, "vote", "u-2", comment, value=-1)
    for deed in (up, down, up):
        await here.attempt(deed)
    found = worst((await here.settle()).findings)
    assert found.get("duplicated", 0) == mutated, found
    assert bool(found) is mutated


async def test_numbers_that_are_not_dense_are_found(here: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    await posted(here)
    sparse = changed(APPEND, DENSE, DENSE.replace("1", "2"))
    monkeypatch.setattr(redis_log, "APPEND", changed(sparse, MISSING, "false"))
    monkeypatch.setattr(redis_log, "LOAD", changed(LOAD, MISSING, "false"))
    await here.write(3, random.Random(1))
    found = worst((await here.settle()).findings)
    assert found["log"] >= 1
    assert found["cursor"] == 1, "the views stay where the hole is"


async def test_two_who_edit_at_once_and_both_succeed_are_found(here: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_log, "APPEND", changed(APPEND, POSITIONS, NEVER))
    await here.project("one")
    comment = await posted(here)
    edits = [of(here, "edit", "u-1", comment, body=f"words {number}") for number in range(2)]
    async with anyio.create_task_group() as tasks:
        for edit in edits:
            edit.revision = 1
            tasks.start_soon(here.attempt, edit)
    found = [str(one) for one in (await here.settle()).findings]
    assert any("names revision 2 of c1" in one for one in found), found


@pytest.mark.parametrize("mutated", [False, True])
async def test_an_acknowledgement_that_did_not_wait_for_the_replica_is_found_when_that_takes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mutated: bool
) -> None:
    monkeypatch.setattr(oracle, "LEVEL_WITHIN", 0.1)  # nobody projects there
    (first, second) = (tmp_path / name for name in ("first", "second"))
    for home in (first, second):
        home.mkdir()
    if mutated:
        monkeypatch.setattr(in_flight, "_proves", lambda _reply, _proof: True)
    async with inside(first, durability="replicated") as here:
        replica = alone(second, engines()["embedded"], "--replicaof", f"127.0.0.1 {here.node.port}")
        # By itself it waits five seconds for other replicas to share the transfer with.
        here.node.ask("CONFIG", "SET", "repl-diskless-sync-delay", 0)
        replica.start()
        try:
            await run_sync(replica.ready)
            await run_sync(until, lambda: replica.info()["master_link_status"] == "up", "the replica is linked")
            await here.begin("t")
            await here.write(5, random.Random(1))
            shut_out(here.node)
            await here.write(5, random.Random(2))
            here.node.kill()
            replica.ask("REPLICAOF", "NO", "ONE")
            async with open_deployment(replica.url, partitions=PARTITIONS) as taken_over:
                found = worst((await oracle.judge(taken_over, here.record)).findings)
        finally:
            replica.kill()
    assert here.record.deeds[0].acknowledged("replicated"), "with its replica at hand it is confirmed"
    assert (found.get("lost", 0) > 0) is mutated, found


async def test_what_was_acknowledged_and_is_gone_is_found(here: Inside) -> None:
    await here.project("one")
    await here.write(5, random.Random(1))
    await here.level()
    saved, kept = await here.saved(), len(here.record.deeds)
    await here.write(5, random.Random(2))
    await here.level()
    for one in list(here.projecting):
        here.kill(one)
    await here.go_back(saved)
    promised = [deed for deed in here.record.deeds[kept:] if deed.acknowledged(here.record.level)]
    assert worst((await here.settle()).findings) == {"lost": len(promised)}


async def test_a_row_that_was_changed_is_found(here: Inside) -> None:
    await here.project("one")
    comment = await posted(here)
    await here.level()
    thread = here.scene.threads[0]
    views = here.near.keys.of("kew", thread).thread_views(1, "kew", thread)
    await here.near.calls.call("HSET", views.rows, comment, b"other words")
    assert worst((await here.settle()).findings) == {"view": 1}
