"""The constant of every ratio over HTTP: the gateway's own server, with an application that does nothing.

By path it answers what a gateway answered once, headers and all, and it keeps a feed of constant frames through the
gateway's own ring. `python -m tests.bench.constant FILE` reads the answers from a file.
"""

import os
import sys
from typing import Final

import anyio
import msgspec
from msgspec import Struct
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.bench.crowd import FRAME_ENDS
from workers.gateway.feed.ring import Frame, Ring
from workers.gateway.http.http_server import HttpServer
from workers.runtime.process import Process, run

FEED: Final = "/feed"
"""Where a feed is followed."""
TOLD: Final = "/told"
"""Whatever comes here, everybody who follows is told the frame."""
CREATED: Final = 201
_WHOLE: Final = "hansard.whole"
"""As `workers.gateway.http.response` has it, which another revision that is compared with this one may not have."""
_OWN: Final = frozenset({"date", "server", "connection", "transfer-encoding"})
"""Headers that the server itself makes."""


class Constant(Struct, frozen=True, kw_only=True):
    """One answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""


class Constants(Struct, frozen=True, kw_only=True):
    """All answers, by path; `frame` is what those are told who follow."""

    answers: dict[str, Constant]
    frame: bytes = FRAME_ENDS


def answering(constants: Constants) -> ASGIApp:
    """The application."""
    ready = {path: _ready(one) for path, one in constants.answers.items()}
    told = _Told()
    frame = Frame(None, constants.frame)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        if scope["path"] == FEED:
            await _follow(told, receive, send)
            return
        while (await receive()).get("more_body", False):
            pass
        if scope["path"] == TOLD:
            told.ring.append([frame])
        start, body = ready[scope["path"]]
        await send(start)
        await send(body)

    return answer


class _Told:
    """A ring of frames; `grown` is set at the next one, and then replaced: take it before looking."""

    def __init__(self) -> None:
        self.ring = Ring(self._wake)
        self.grown = anyio.Event()

    def _wake(self) -> None:
        grown, self.grown = self.grown, anyio.Event()
        grown.set()


async def _follow(told: _Told, receive: Receive, send: Send) -> None:
    """Tell one client, by a task that is woken for it, whatever comes into the ring, and nothing but that."""
    ring = told.ring
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
    async with anyio.create_task_group() as tasks:

        async def until_gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            tasks.cancel_scope.cancel()

        tasks.start_soon(until_gone)
        cursor = ring.end
        while True:
            grown = told.grown
            found = ring.since(cursor)
            cursor = ring.end
            if found:
                body = b"".join(frame.data for frame in found)
                await send({"type": "http.response.body", "body": body, "more_body": True})
            else:
                await grown.wait()


def _ready(one: Constant) -> tuple[dict[str, object], dict[str, object]]:
    headers = [(name.encode(), value.encode()) for name, value in one.headers if name not in _OWN]
    start: dict[str, object] = {"type": "http.response.start", "status": one.status, "headers": headers, _WHOLE: True}
    return start, {"type": "http.response.body", "body": one.body}


async def work(process: Process) -> None:
    """Serve until a signal."""
    constants = msgspec.json.decode(await anyio.Path(sys.argv[1]).read_bytes(), type=Constants)
    server = HttpServer(answering(constants), "127.0.0.1", int(os.environ["HANSARD_PORT"]), drain=1)
    async with process.parts() as parts:
        await parts.start(server.run, drain=server.drain)


if __name__ == "__main__":
    raise SystemExit(run(work, drain=2))
