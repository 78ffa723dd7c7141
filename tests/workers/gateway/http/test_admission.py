"""A gateway takes on so much at a time, lets a few wait, and tells the others at once to come again."""

import os
import signal
from collections.abc import Callable

import anyio
import pytest
from anyio import Event
from starlette.requests import ClientDisconnect
from starlette.types import Message

from core.refusals import Unavailable
from projections.read import pages
from tests.support.bounds import BOUND
from tests.support.held import Held
from tests.support.house import ADA, BEN, MOD, THREAD, House, Who, at, problem
from workers.gateway.http.admission import Gate
from workers.runtime import metrics

MOST, QUEUE = 3, 2


@pytest.fixture
def narrow(house: House) -> House:
    """A house with gates that a few requests fill, before which nobody gives up while a test looks."""
    for gate in (house.services.admission.writes, house.services.admission.reads):
        gate._most, gate._queue, gate._within = MOST, QUEUE, 60.0
    return house


def sample(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"hansard_requests_{name}", labels) or 0.0


async def until(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(BOUND):
        while not holds():
            await anyio.lowlevel.checkpoint()


async def test_writes_beyond_the_queue_are_refused_at_once_and_the_others_are_carried_out(
    narrow: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = narrow.services.admission.writes
    stuck = Held(narrow.log.append)
    monkeypatch.setattr(narrow.log, "append", stuck)
    before, refused = await narrow.length(), sample("refused_total", gate="writes", cause="full")
    statuses: list[int] = []

    async def post(number: int) -> None:
        answer = await narrow.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": f"number {number}"})
        statuses.append(answer.status_code)

    async with anyio.create_task_group() as tasks:
        for number in range(MOST + QUEUE):
            tasks.start_soon(post, number)
        await until(lambda: stuck.asked == MOST and gate.waiting == QUEUE)
        assert sample("under_way", gate="writes") == MOST
        assert sample("waiting", gate="writes") == QUEUE
        for _ in range(5):
            answer = await narrow.ask("POST", f"threads/{THREAD}/comments", BEN, {"body": "one too many"})
            problem(answer, 503, "unavailable")
            assert 1 <= int(answer.headers["retry-after"]) <= 4
        assert stuck.asked == MOST, "who waits or was refused has not begun"
        assert statuses == []
        # What only reads is let in by another gate, and operators' machines by none.
        for path in (f"threads/{THREAD}", "/healthz", "/readyz", "/metrics"):
            assert (await narrow.get(path)).status_code == 200
        stuck.free.set()
    assert statuses == [201] * (MOST + QUEUE)
    assert await narrow.length() == before + MOST + QUEUE
    assert sample("refused_total", gate="writes", cause="full") == refused + 5
    assert (gate.inside, gate.waiting) == (0, 0)
    assert sample("under_way", gate="writes") == 0


async def test_reads_beyond_the_queue_are_refused_and_writes_go_on(
    narrow: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = narrow.services.admission.reads
    stuck = Held(pages.page)
    monkeypatch.setattr(pages, "page", stuck)
    statuses: list[int] = []

    async def read() -> None:
        statuses.append((await narrow.get(f"threads/{THREAD}")).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(MOST + QUEUE):
            tasks.start_soon(read)
        await until(lambda: stuck.asked == MOST and gate.waiting == QUEUE)
        problem(await narrow.get(f"threads/{THREAD}"), 503, "unavailable")
        answer = await narrow.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "meanwhile"})
        assert answer.status_code == 201
        assert (await narrow.get("/healthz")).status_code == 200
        stuck.free.set()
    assert statuses == [200] * (MOST + QUEUE)


async def test_a_write_that_was_refused_takes_effect_once_when_it_is_tried_again(
    narrow: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrow.services.admission.writes, "_most", 0)
    monkeypatch.setattr(narrow.services.admission.writes, "_queue", 0)
    before = await narrow.length()
    path, body = f"threads/{THREAD}/comments", {"body": "once"}
    refused = await narrow.ask("POST", path, ADA, body, Idempotency_Key="k")
    problem(refused, 503, "unavailable")
    assert refused.headers["idempotency-key"] == "k"
    assert await narrow.length() == before
    monkeypatch.setattr(narrow.services.admission.writes, "_most", MOST)
    first = await narrow.ask("POST", path, ADA, body, Idempotency_Key="k")
    again = await narrow.ask("POST", path, ADA, body, Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["position"] == again.json()["position"]
    assert await narrow.length() == before + 1


async def test_who_only_waits_for_the_views_lets_others_in(narrow: House) -> None:
    comment = await narrow.post(ADA)
    gate = narrow.services.admission.writes
    narrow.hold()
    statuses: list[int] = []

    async def report(who: Who) -> None:
        answer = await narrow.ask("POST", f"{at(comment)}/reports", who, {"reason": "abuse"})
        statuses.append(answer.status_code)

    before = await narrow.length()
    async with anyio.create_task_group() as tasks:
        for who in (BEN, MOD):
            tasks.start_soon(report, who)
        for _ in range(MOST + QUEUE + 1):
            answer = await narrow.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "more"})
            assert answer.status_code == 201, "a post waits for no views"
        await until(lambda: gate.inside == 0)
        assert statuses == [], "they wait, but not inside"
        narrow.release()
    assert statuses == [201, 201]
    assert await narrow.length() == before + 2 + MOST + QUEUE + 1


async def test_while_the_server_hangs_no_more_than_the_bound_wait_for_it_and_they_get_their_answers(
    narrow: House,
) -> None:
    gate = narrow.services.admission.writes
    server = (await narrow.deployment.writing.info("server"))["process_id"]
    before = await narrow.length()
    statuses: list[int] = []

    async def post(number: int) -> None:
        answer = await narrow.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": f"number {number}"})
        statuses.append(answer.status_code)

    os.kill(server, signal.SIGSTOP)
    try:
        async with anyio.create_task_group() as tasks:
            for number in range(MOST + QUEUE):
                tasks.start_soon(post, number)
            await until(lambda: (gate.inside, gate.waiting) == (MOST, QUEUE))
            answer = await narrow.ask("POST", f"threads/{THREAD}/comments", BEN, {"body": "one too many"})
            problem(answer, 503, "unavailable")
            assert (await narrow.get("/healthz")).status_code == 200
            os.kill(server, signal.SIGCONT)
    finally:
        os.kill(server, signal.SIGCONT)
    assert statuses == [201] * (MOST + QUEUE)
    assert await narrow.length() == before + MOST + QUEUE


# --- the gate by itself ---


class Client:
    """What an ASGI server hands on of a client: its body, and then nothing until it leaves."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = [*parts]
        self.left = Event()

    async def receive(self) -> Message:
        if self._parts:
            part = self._parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self._parts)}
        await self.left.wait()
        return {"type": "http.disconnect"}


class Visit:
    """One request before a gate, and what became of it."""

    def __init__(self, gate: Gate, client: Client) -> None:
        self._gate = gate
        self._client = client
        self.ends = Event()
        self.outcome: object = None

    async def run(self) -> None:
        try:
            await self._gate.enter(self._client.receive)
        except (Unavailable, ClientDisconnect) as refused:
            self.outcome = type(refused)
            return
        try:
            self.outcome = "in"
            await self.ends.wait()
        finally:
            self._gate.leave()


async def test_a_request_whose_client_leaves_while_it_waits_leaves_the_queue() -> None:
    gate = Gate("writes", 1, 2)
    leaves = Client(b"b")
    first, second, third = (Visit(gate, client) for client in (Client(b"a"), leaves, Client(b"c", b"d")))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first.run)
        await until(lambda: first.outcome == "in")
        tasks.start_soon(second.run)
        tasks.start_soon(third.run)
        await until(lambda: gate.waiting == 2)
        leaves.left.set()
        await until(lambda: second.outcome is ClientDisconnect)
        assert gate.waiting == 1
        first.ends.set()
        await until(lambda: third.outcome == "in")
        third.ends.set()
    assert (gate.inside, gate.waiting) == (0, 0)


async def test_who_has_waited_long_enough_is_refused() -> None:
    gate = Gate("writes", 1, 2, within=0.0)
    late = sample("refused_total", gate="writes", cause="late")
    first, second = (Visit(gate, Client(b"")) for _ in range(2))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first.run)
        await until(lambda: first.outcome == "in")
        await second.run()
        assert second.outcome is Unavailable
        assert gate.waiting == 0
        first.ends.set()
    assert sample("refused_total", gate="writes", cause="late") == late + 1


async def test_those_who_wait_are_let_in_in_their_order_one_for_each_that_leaves() -> None:
    gate = Gate("writes", 2, 5)
    visits = [Visit(gate, Client(b"")) for _ in range(6)]
    async with anyio.create_task_group() as tasks:
        for number, visit in enumerate(visits):
            tasks.start_soon(visit.run)
            await until(lambda number=number: gate.inside + gate.waiting == number + 1)  # type: ignore[misc] # bound
        for number, visit in enumerate(visits):
            assert [one.outcome for one in visits] == ["in"] * min(number + 2, 6) + [None] * max(0, 4 - number)
            visit.ends.set()
            await until(lambda number=number: gate.inside + gate.waiting == 5 - number)  # type: ignore[misc] # bound
            await until(lambda number=number: sum(one.outcome == "in" for one in visits) == min(number + 3, 6))  # type: ignore[misc] # bound


async def test_whoever_waits_and_is_cancelled_takes_no_place_with_it() -> None:
    gate = Gate("writes", 1, 5)
    first, second = (Visit(gate, Client(b"")) for _ in range(2))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first.run)
        await until(lambda: first.outcome == "in")
        async with anyio.create_task_group() as others:
            others.start_soon(second.run)
            await until(lambda: gate.waiting == 1)
            # Let in and cancelled in the same moment.
            gate.leave()
            others.cancel_scope.cancel()
        assert (gate.inside, gate.waiting) == (0, 0)
        gate.inside += 1  # as it was before it was told to leave
        first.ends.set()
    assert gate.inside == 0
