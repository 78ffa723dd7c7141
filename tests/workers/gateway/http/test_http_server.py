"""The socket under the gateway: connections are taken as fast as they come, however busy the loop is."""

import socket
from contextlib import ExitStack
from importlib.util import find_spec
from urllib.parse import urlsplit

import anyio
import pytest
from anyio.lowlevel import checkpoint
from starlette.types import Receive, Scope, Send

from workers.gateway.http.http_server import HttpServer

CLIENTS = 64


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("nobody asks anything")


async def _rounds() -> int:
    """How often the loop goes round until it has taken the connections of so many clients."""
    server = HttpServer(_nothing, "127.0.0.1", 0, drain=1)
    async with anyio.create_task_group() as tasks:
        url = urlsplit(await tasks.start(server.run))
        with ExitStack() as stack:
            for _ in range(CLIENTS):
                stack.enter_context(socket.create_connection((url.hostname or "", url.port or 0)))
            rounds = 0
            while server.connections.open < CLIENTS:
                await checkpoint()
                rounds += 1
        await server.drain()
    return rounds


@pytest.mark.skipif(find_spec("uvloop") is None, reason="this loop takes one connection a round, the other does not")
def test_a_busy_loop_takes_many_connections_in_one_round() -> None:
    assert anyio.run(_rounds, backend_options={"use_uvloop": True}) < CLIENTS / 4
