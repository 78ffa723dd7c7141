"""Following a thread as a client does: over a socket, with a page to begin with and frames to bring it up to date."""

import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple

import anyio
import httpx2
import uvicorn

from projections.feedlog import FeedLog
from tests.gateway.house import SITE, THREAD, House
from workers.gateway.app import build
from workers.gateway.feed.endpoint import Feed
from workers.gateway.feed.hub import Hub

BOUND = 30
"""Seconds after which a frame that has not come is missing."""


class Frame(NamedTuple):
    """One server-sent event."""

    event: str
    data: Any
    id: str | None


class Page:
    """A thread as a client knows it, kept up to date by frames as the contract says."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.thread = {name: document["thread"][name] for name in ("comments", "position")}
        self._take(document["comments"])

    def _take(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            self.rows[row["id"]] = {name: value for name, value in row.items() if name != "replies"}
            self._take(row["replies"]["comments"])

    def apply(self, frame: Frame) -> None:
        """Take one frame in."""
        self.thread = {name: frame.data["thread"][name] for name in ("comments", "position")}
        comment, row = frame.data["comment"], frame.data["row"]
        if comment is None:
            return
        if row is None:
            self.rows.pop(comment, None)
        else:
            self.rows[comment] = row
        name = None if row is None or row["author"] is None else row["author"]["name"]
        for other in self.rows.values():
            if other["in_reply_to"] is not None and other["in_reply_to"]["comment"] == comment:
                other["in_reply_to"] = {**other["in_reply_to"], "name": name}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Page) and (self.rows, self.thread) == (other.rows, other.thread)

    __hash__ = None  # type: ignore[assignment] # it changes


class Follower:
    """One open stream. `last` is what an EventSource would send as `Last-Event-ID`."""

    def __init__(self, answer: httpx2.Response, last: str | None) -> None:
        self.answer = answer
        self.last = last
        self.silences = 0
        self._chunks = answer.aiter_raw()
        self._held = b""

    async def next(self) -> Frame | None:
        """The next event, None at the end of the stream."""
        while True:
            block, found, rest = self._held.partition(b"\n\n")
            if not found:
                try:
                    self._held += await anext(self._chunks)
                except StopAsyncIteration:
                    return None
                continue
            self._held = rest
            fields = dict(_fields(block.decode()))
            if "event" not in fields:
                self.silences += block.startswith(b":")
                continue
            if "id" in fields:
                self.last = fields["id"]
            return Frame(fields["event"], json.loads(fields["data"]), fields.get("id"))

    async def until(self, event: str) -> list[Frame]:
        """The frames up to and with the first of a kind."""
        found: list[Frame] = []
        with anyio.fail_after(BOUND):
            while not found or found[-1].event != event:
                frame = await self.next()
                assert frame is not None, found
                found.append(frame)
        return found


class Station:
    """A gateway on a socket, and readers of it."""

    def __init__(self, house: House, hub: Hub, client: httpx2.AsyncClient) -> None:
        self.house = house
        self.hub = hub
        self.client = client

    async def page(self, thread: str = THREAD) -> Page:
        """The whole thread, read afresh."""
        answer = await self.client.get(f"/v1/sites/{SITE}/threads/{thread}?limit=200&depth=50&replies=200")
        assert answer.status_code == 200, answer.text
        document = answer.json()
        assert document["next"] is None
        return Page(document)

    @asynccontextmanager
    async def follow(
        self, after: str | None = None, *, last: str | None = None, thread: str = THREAD
    ) -> AsyncIterator[Follower]:
        """Open a stream."""
        url = f"/v1/sites/{SITE}/threads/{thread}/feed" + ("" if after is None else f"?after={after}")
        headers = {} if last is None else {"Last-Event-ID": last}
        async with self.client.stream("GET", url, headers=headers) as answer:
            assert answer.status_code == 200, (await answer.aread()).decode()
            yield Follower(answer, last)


@asynccontextmanager
async def station(house: House, *, heartbeat: float = 15.0) -> AsyncIterator[Station]:
    """A gateway for `house` on a socket of the loopback interface."""
    deployment = house.deployment
    hub = Hub(
        log=house.log,
        views=house.views,
        feed=FeedLog(deployment.calls, deployment.keys),
        bell=lambda partition: deployment.wakes.on(deployment.keys[partition].view_channel),
        heartbeat=heartbeat,
    )
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with (
            hub.running(),
            anyio.create_task_group() as tasks,
            httpx2.AsyncClient(base_url=url, timeout=60) as client,
        ):
            app = build(house.services, feed=Feed(hub))
            server = _Server(uvicorn.Config(app, log_config=None, lifespan="off", access_log=False))
            tasks.start_soon(server.serve, [listening])
            yield Station(house, hub, client)
            hub.drain()
            server.should_exit = True


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _fields(block: str) -> Iterator[tuple[str, str]]:
    for line in block.split("\n"):
        name, _, value = line.partition(": ")
        yield name, value
