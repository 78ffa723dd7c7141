"""What a write has to bring before anything is spent on it, and what one client may have under way."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import anyio
import msgspec
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.support.held import Held
from tests.support.house import (
    ADA,
    BEN,
    EVE,
    MAX_REQUEST,
    SITE,
    THREAD,
    House,
    Who,
    claims_of,
    operator_token,
    problem,
    signed,
    token,
)
from tests.support.wire import BOUND, Served, Wire, request, served
from workers.gateway.app import build
from workers.gateway.http.admission import Admission
from workers.gateway.http.body_budget import BodyBudget
from workers.gateway.http.client_address import ClientAddress
from workers.runtime import metrics
from workers.runtime.limits import Limits

PATH = f"/v1/sites/{SITE}/threads/{THREAD}/comments"
BODY = b'{"body":"honest"}'
FORGED = signed(claims_of(ADA), "a secret of somebody else, 32 bytes long")
SHORT = Limits(body_timeout=0.05, linger_timeout=0.05)


def post(bearer: str | None, *lines: str, body: bytes = BODY, path: str = PATH, length: int | None = None) -> bytes:
    given = [] if bearer is None else [f"Authorization: Bearer {bearer}"]
    announced = f"Content-Length: {len(body) if length is None else length}"
    return request("POST", path, "Content-Type: application/json", announced, *given, *lines, body=body)


def changed(house: House, **services: Any) -> Any:
    """The gateway of a house with other services."""
    return build(msgspec.structs.replace(house.services, **services))


def exhausted(share: str) -> float:
    return metrics.REGISTRY.get_sample_value("hansard_shares_exhausted_total", {"share": share}) or 0.0


async def until(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(BOUND):
        while not holds():
            await anyio.lowlevel.checkpoint()


@pytest.fixture
def held(house: House, monkeypatch: pytest.MonkeyPatch) -> Held:
    """The append of the house, which does not answer before it may."""
    held = Held(house.log.append)
    monkeypatch.setattr(house.log, "append", held)
    return held


# --- the order ---


async def test_writers_who_announce_a_body_and_never_send_it_keep_nobody_out(house: House) -> None:
    async with served(house.app) as server, AsyncExitStack() as stack:
        for number in range(64 + 256 + 1):
            wire = await stack.enter_async_context(server.wire())
            await wire.send(post(token(Who(f"slow-{number // 4}")), body=b"", length=MAX_REQUEST))
        async with server.wire() as honest:
            await honest.send(post(token(BEN)))
            assert (await honest.answer()).status == 201
        assert house.services.admission.writes.inside == 0


@pytest.mark.parametrize("bearer", [None, "x", "a.b", "a.b.c.d", "a b.c.d", "é.b.c", "a" * 9000 + ".b.c"])
async def test_without_a_token_that_may_be_one_no_byte_of_a_body_is_asked_for(house: House, bearer: str | None) -> None:
    async with served(house.app) as server, server.wire() as wire:
        await wire.send(post(bearer, "Expect: 100-continue", body=b"", length=10))
        answer = await wire.answer()
        assert answer.status == 401
        answer.problem("unauthenticated")
        assert answer.headers["connection"] == "close"
        await wire.end()


async def test_a_client_is_told_to_go_on_after_its_token_was_found_well_formed(house: House) -> None:
    before = await house.length()
    async with served(house.app) as server:
        for bearer, status in ((token(ADA), 201), (FORGED, 401)):
            async with server.wire() as wire:
                await wire.send(post(bearer, "Expect: 100-continue", body=b"", length=len(BODY)))
                assert (await wire.answer()).status == 100
                await wire.send(BODY)
                assert (await wire.answer()).status == status
    assert await house.length() == before + 1


@pytest.mark.parametrize(
    ("path", "bearer", "length", "status"),
    [
        ("/nowhere", "a.b.c", 10, 404),
        (f"/v1/sites/{SITE}/threads/a%20b/comments", None, 10, 404),
        (f"{PATH}?page=2", None, 10, 400),
        (PATH, "a.b.c", MAX_REQUEST + 1, 413),
        (f"{PATH}/x/vote", "a.b.c", 10, 405),
    ],
)
async def test_what_can_be_refused_without_the_body_is(
    house: House, path: str, bearer: str | None, length: int, status: int
) -> None:
    async with served(house.app) as server, server.wire() as wire:
        await wire.send(post(bearer, path=path, body=b"", length=length))
        answer = await wire.answer()
        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["connection"] == "close"


async def test_the_body_comes_before_the_gate_and_the_gate_before_the_caller(house: House) -> None:
    full = Admission(writes=1, queue=0)
    full.writes.inside = 1
    async with served(changed(house, admission=full)) as server, server.wire() as wire:
        await wire.send(post(FORGED, body=b"", length=len(BODY)))
        await until(lambda: bool(house.services.bodies._sending))
        await wire.send(BODY)
        answer = await wire.answer()
        assert answer.status == 503
        answer.problem("unavailable")
        full.writes.inside = 0
        await wire.send(post(FORGED, body=b'{"nonsense":1}'))
        assert (await wire.answer()).status == 401


async def test_a_body_that_does_not_come_in_time_is_a_problem_of_its_route(house: House) -> None:
    labels = {"route": "/v1/sites/{site}/threads/{thread}/comments", "method": "POST", "status": "408"}
    before = metrics.REGISTRY.get_sample_value("hansard_http_requests_total", labels) or 0
    async with served(house.app, SHORT) as server, server.wire() as wire:
        await wire.send(post(token(ADA), body=BODY[:5], length=len(BODY)))
        answer = await wire.answer()
        assert answer.status == 408
        answer.problem("request-timeout")
        assert answer.headers["connection"] == "close"
        assert await wire.end() == b""
    assert metrics.REGISTRY.get_sample_value("hansard_http_requests_total", labels) == before + 1


async def test_a_client_that_leaves_within_its_body_is_gone_and_leaves_nothing_behind(house: House) -> None:
    bodies = house.services.bodies
    async with served(house.app) as server:
        async with server.wire() as wire:
            await wire.send(post(token(ADA), body=BODY[:5], length=len(BODY)))
            await until(lambda: bodies.bytes == 5)
        await until(lambda: bodies.bytes == 0)
    assert not bodies._sending


# --- bodies ---


async def _sending(stack: AsyncExitStack, server: Served, bearer: str, sent: bytes, length: int) -> Wire:
    wire = await stack.enter_async_context(server.wire())
    await wire.send(post(bearer, body=sent, length=length))
    return wire


async def test_one_token_sends_so_many_bodies_at_a_time(house: House) -> None:
    refused = exhausted("token")
    bodies, bearer = BodyBudget(most_per_token=2), token(ADA)
    async with served(changed(house, bodies=bodies)) as server, AsyncExitStack() as stack:
        waiting = [await _sending(stack, server, bearer, BODY[:5], len(BODY)) for _ in range(2)]
        await until(lambda: bodies.bytes == 10)
        third = await _sending(stack, server, bearer, BODY[:5], len(BODY))
        answer = await third.answer()
        assert answer.status == 429
        assert "token" in answer.problem("too-many-requests")["detail"]
        assert 1 <= int(answer.headers["retry-after"]) <= 4
        other = await _sending(stack, server, token(BEN), BODY, len(BODY))
        assert (await other.answer()).status == 201
        for wire in waiting:
            await wire.send(BODY[5:])
            assert (await wire.answer()).status == 201
        again = await _sending(stack, server, bearer, BODY, len(BODY))
        assert (await again.answer()).status == 201
    assert exhausted("token") == refused + 1
    assert (bodies.bytes, len(bodies._sending)) == (0, 0)


async def test_bodies_that_come_with_their_heads_use_no_share_of_the_token(house: House, held: Held) -> None:
    bodies = BodyBudget(most_per_token=1)
    async with served(changed(house, bodies=bodies)) as server, AsyncExitStack() as stack:
        bearer = token(ADA)
        wires = [await _sending(stack, server, bearer, BODY, len(BODY)) for _ in range(5)]
        await until(lambda: held.asked == 5)
        held.free.set()
        for wire in wires:
            assert (await wire.answer()).status == 201


async def test_all_bodies_together_take_so_much_memory(house: House) -> None:
    refused = exhausted("bodies")
    bodies = BodyBudget(most_bytes=100)
    async with served(changed(house, bodies=bodies)) as server, AsyncExitStack() as stack:
        filling = await _sending(stack, server, token(ADA), b" " * 90, 90 + len(BODY))
        await until(lambda: bodies.bytes == 90)
        announcing = await _sending(stack, server, token(EVE), b"", MAX_REQUEST)
        late = await _sending(stack, server, token(BEN), BODY, len(BODY))
        answer = await late.answer()
        assert answer.status == 503
        assert "bodies" in answer.problem("unavailable")["detail"]
        assert 1 <= int(answer.headers["retry-after"]) <= 4
        assert bodies.bytes == 90
        await filling.stream.aclose()
        await announcing.stream.aclose()
        await until(lambda: bodies.bytes == 0)
        again = await _sending(stack, server, token(BEN), BODY, len(BODY))
        assert (await again.answer()).status == 201
    assert exhausted("bodies") == refused + 1


# --- shares of the gate ---


async def test_one_member_has_an_eighth_of_the_gate_and_others_go_on(house: House, held: Held) -> None:
    refused = exhausted("member")
    app = changed(house, admission=Admission(writes=16))
    before = await house.length()
    async with served(app) as server, AsyncExitStack() as stack:
        wires = [await _sending(stack, server, token(ADA), BODY, len(BODY)) for _ in range(2)]
        await until(lambda: held.asked == 2)
        third = await _sending(stack, server, token(ADA), BODY, len(BODY))
        answer = await third.answer()
        assert answer.status == 429
        assert "member" in answer.problem("too-many-requests")["detail"]
        assert 1 <= int(answer.headers["retry-after"]) <= 4
        forged = await _sending(stack, server, FORGED, BODY, len(BODY))
        assert (await forged.answer()).status == 401, "whoever is not the member is told nothing of its share"
        wires.append(await _sending(stack, server, token(BEN), BODY, len(BODY)))
        await until(lambda: held.asked == 3)
        held.free.set()
        for wire in wires:
            assert (await wire.answer()).status == 201
    assert await house.length() == before + 3
    assert exhausted("member") == refused + 1


async def test_what_a_member_may_have_under_way_can_be_set(house: House, held: Held) -> None:
    async with served(changed(house, admission=Admission(per_member=1))) as server, AsyncExitStack() as stack:
        first = await _sending(stack, server, token(ADA), BODY, len(BODY))
        await until(lambda: held.asked == 1)
        second = await _sending(stack, server, token(ADA), BODY, len(BODY))
        assert (await second.answer()).status == 429
        held.free.set()
        assert (await first.answer()).status == 201


async def test_the_operator_writes_as_before(house: House) -> None:
    answer = await house.ask("PUT", "/v1/sites/kew/keys", None, {"hs256": ["new " * 8]}, operator=True)
    assert answer.status_code == 200, operator_token()
    problem(await house.ask("PUT", "/v1/sites/kew/keys", None, {"hs256": ["new " * 8]}), 401, "unauthenticated")


# --- shares of client addresses ---

PROXIED = Limits(trusted_proxies=1, max_requests_per_address=2)


def through(address: str) -> str:
    return f"X-Forwarded-For: 198.51.100.7, {address}"


async def test_one_client_address_has_so_many_requests_under_way(house: House, held: Held) -> None:
    refused = exhausted("address")
    async with served(house.app, PROXIED) as server, AsyncExitStack() as stack:

        async def write(address: str, who: Who) -> Wire:
            wire = await stack.enter_async_context(server.wire())
            await wire.send(post(token(who), through(address)))
            return wire

        wires = [await write("203.0.113.5", ADA), await write("203.0.113.5", BEN)]
        await until(lambda: held.asked == 2)
        third = await write("203.0.113.5", EVE)
        answer = await third.answer()
        assert answer.status == 429
        assert "address" in answer.problem("too-many-requests")["detail"]
        assert "connection" not in answer.headers, "the connection is the proxy's, and serves others"
        wires.append(await write("203.0.113.6", EVE))
        await until(lambda: held.asked == 3)
        held.free.set()
        for wire in wires:
            assert (await wire.answer()).status == 201
        await third.send(post(token(EVE), through("203.0.113.5")))
        assert (await third.answer()).status == 201
    assert exhausted("address") == refused + 1


async def test_one_client_address_has_so_many_connections_where_no_proxy_is_trusted(house: House) -> None:
    closed = metrics.REGISTRY.get_sample_value("hansard_connections_closed_total", {"cause": "address"}) or 0
    limits = Limits(max_connections_per_address=2, linger_timeout=30)
    everyone = ClientAddress(0, shared=())
    async with served(house.app, limits, addresses=everyone) as server, AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(server.wire()) for _ in range(2)]
        await server.left(2)
        for number in (3, 4):
            wires.append(await stack.enter_async_context(server.wire()))
            answer = await wires[-1].answer()
            assert answer.status == 429
            answer.problem("too-many-requests")
            await server.left(number)
        async with server.wire() as fifth:
            assert await fifth.end() == b"", "far beyond its share it is not even answered"
        for wire in wires:
            await wire.stream.aclose()
        await server.left(0)
        async with server.wire() as again:
            await again.send(request("GET", "/healthz"))
            assert (await again.answer()).status == 200
    assert metrics.REGISTRY.get_sample_value("hansard_connections_closed_total", {"cause": "address"}) == closed + 1


async def test_one_client_address_has_so_many_feeds_and_the_next_is_told_to_come_again() -> None:
    taken, free = anyio.Event(), anyio.Event()

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        taken.set()
        await free.wait()
        await PlainTextResponse("told")(scope, receive, send)

    asked = request("GET", f"/v1/sites/{SITE}/threads/{THREAD}/feed", through("203.0.113.5"))
    limits = Limits(trusted_proxies=1, max_connections_per_address=1)
    async with served(stream, limits) as server, server.wire() as first, server.wire() as second:
        await first.send(asked)
        with anyio.fail_after(BOUND):
            await taken.wait()
        await second.send(asked)
        answer = await second.answer()
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert 10_000 <= int(answer.body.removeprefix(b"retry: ")) <= 60_000
        free.set()
        assert (await first.answer()).body == b"told"


async def test_loopback_has_no_share(house: House) -> None:
    limits = Limits(max_connections_per_address=1, max_requests_per_address=1)
    async with served(house.app, limits) as server, AsyncExitStack() as stack:
        for _ in range(4):
            wire = await stack.enter_async_context(server.wire())
            await wire.send(request("GET", "/healthz"))
            assert (await wire.answer()).status == 200
