"""How an answer goes out: one whose body is there already in one write, any other as it comes."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message

from workers.gateway.http.cycle import JOINED, Cycle, Flow, Outlet
from workers.gateway.http.response import Response, json, send_response

pytestmark = pytest.mark.anyio

CHUNKED: Message = {"type": "http.response.start", "status": 200, "headers": []}


class Written(asyncio.Transport):
    """A transport that keeps what each call gives it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return False


def cycle(transport: Written, method: str = "GET") -> Cycle:
    outlet = Outlet(transport, lambda: None)
    scope: Any = {"type": "http", "method": method, "path": "/", "headers": []}
    logger: Any = None
    return Cycle(scope, outlet, Flow(outlet), logger, logger, False, [], asyncio.Event(), False, True, lambda: None)


async def test_an_answer_that_is_there_goes_out_in_one_write_and_so_does_the_next() -> None:
    transport = Written()
    for _ in range(2):
        await send_response(cycle(transport).send, json({"a": 1}))
    assert len(transport.writes) == 2
    for write in transport.writes:
        assert write.startswith(b"HTTP/1.1 200 ")
        assert write.endswith(b'\r\n\r\n{"a":1}')


async def test_a_large_body_is_not_copied() -> None:
    transport = Written()
    await send_response(cycle(transport).send, Response(200, bytes(JOINED + 1)))
    head, body = transport.writes
    assert head.endswith(b"content-length: %d\r\n\r\n" % len(body))


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_goes_out(status: int) -> None:
    transport = Written()
    await send_response(cycle(transport).send, Response(status))
    assert b"".join(transport.writes).startswith(b"HTTP/1.1 %d " % status)


async def test_an_answer_to_head_goes_out_without_the_body_that_it_would_have() -> None:
    transport = Written()
    await send_response(cycle(transport, "HEAD").send, json({"a": 1}), without_body=True)
    (head,) = transport.writes
    assert head.endswith(b"content-length: 7\r\n\r\n")


async def test_the_head_of_a_stream_waits_for_nothing() -> None:
    transport = Written()
    stream = cycle(transport)
    await stream.send({**CHUNKED})
    assert len(transport.writes) == 1
    await stream.send({"type": "http.response.body", "body": b"a", "more_body": True})
    assert transport.writes[1] == b"1\r\na\r\n"
