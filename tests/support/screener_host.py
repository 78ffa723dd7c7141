"""A screener: a real server on this machine, which can be made to misbehave."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import anyio
import anyio.lowlevel
from anyio.abc import ByteStream, SocketAttribute
from msgspec.structs import replace

from tests.support.bounds import BOUND
from tests.support.house import ADMIN, House
from tests.support.key_host import LOOPBACK, http
from workers.http_client import HttpClient
from workers.screener.screening_worker import ScreeningWorker

SECRET: Final = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
ANY_SECRET: Final = {"hansard": SECRET, "coral": "a secret of the screener", "akismet": "0a1b2c3d4e5f"}


class Received(NamedTuple):
    """A request as it was received."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ScreenerHost:
    """Answers each request with what `reply` makes of it, once `open` is set; None ends the connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reply: Callable[[Received], bytes | None] = saying("approve")
        self.requests: list[Received] = []
        self.asked = anyio.Event()
        """Set by the next request."""
        self.open = anyio.Event()
        self.open.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def hang(self) -> None:
        """Answer nothing until `open` is set."""
        self.open, self.asked = anyio.Event(), anyio.Event()

    async def answer(self, stream: ByteStream) -> None:
        async with stream:
            data = b""
            while b"\r\n\r\n" not in data:
                data += await stream.receive()
            head, _, body = data.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            while len(body) < int(headers["content-length"]):
                body += await stream.receive()
            received = Received(first.split(" ")[1], headers, body)
            self.requests.append(received)
            self.asked.set()
            await self.open.wait()
            reply = self.reply(received)
            if reply is not None:
                await stream.send(reply)


def saying(verdict: str, **more: Any) -> Callable[[Received], bytes]:
    """What a screener of the shape `hansard` answers."""

    def reply(received: Received) -> bytes:
        comment = received.json["comment"]
        said = {"comment": comment["id"], "revision": comment["revision"], "verdict": verdict, **more}
        return http(json.dumps(said).encode())

    return reply


@asynccontextmanager
async def screener_host() -> AsyncIterator[ScreenerHost]:
    """A screener that lets everything pass."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    host = ScreenerHost(listener.extra(SocketAttribute.local_port))  # noqa: S610 - no Django here

    async def answer(stream: ByteStream) -> None:
        try:
            await host.answer(stream)
        except (anyio.BrokenResourceError, anyio.EndOfStream, OSError):
            return  # the client has gone

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, answer)
        yield host
        tasks.cancel_scope.cancel()


def worker_of(house: House, name: str = "one", **more: Any) -> ScreeningWorker:
    """The worker of a screener's process, which may ask on this machine and tells at once."""
    bounds = {"tell_after": 0.0, "every": 0.02, **more}
    client = bounds.pop("client", None) or HttpClient(LOOPBACK)
    return ScreeningWorker(house.deployment, house.log, house.services.screeners, client, worker=name, **bounds)


@asynccontextmanager
async def screening(worker: ScreeningWorker) -> AsyncIterator[ScreeningWorker]:
    """The worker runs during the block."""
    async with anyio.create_task_group() as tasks:
        await tasks.start(worker.run)
        yield worker
        await worker.drain()


async def set_up(house: House, host: ScreenerHost, shape: str = "hansard", **policy: Any) -> None:
    """Let the site's texts be screened by a host, by default before they are published."""
    house.serve(replace(house.services, private_hosts=LOOPBACK))
    given = {"url": host.url, "shape": shape, "secret": ANY_SECRET[shape]}
    answer = await house.ask("PUT", "screening", ADMIN, given)
    assert answer.status_code == 200, answer.text
    wanted = {"when": "before", "deadline": 60, "on_failure": "hold", **policy}
    answer = await house.ask("PATCH", "policy", ADMIN, {"screening": wanted})
    assert answer.status_code == 200, answer.text


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    with anyio.fail_after(BOUND):
        while not holds():
            await anyio.lowlevel.checkpoint()
