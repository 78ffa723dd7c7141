"""The constant of every ratio over HTTP: the gateway's own server, with an application that does nothing."""

import os
from typing import Final

from starlette.types import Receive, Scope, Send

from workers.gateway.serving import HttpServer
from workers.process import Process, run

BODY: Final = b'{"position":"1700000000000-1","comment":{"body":"%b"}}' % (b"x" * 900)
"""As large as what a post is answered with."""
HEADERS: Final = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the request, and answer what is answered to every one."""
    assert scope["type"] == "http"
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 201, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


async def work(process: Process) -> None:
    """Serve until a signal."""
    server = HttpServer(answer, "127.0.0.1", int(os.environ["HANSARD_PORT"]), drain=1)
    async with process.parts() as parts:
        await parts.start(server.run, drain=server.drain)


if __name__ == "__main__":
    raise SystemExit(run(work, drain=2))
