"""Following a thread as a client does: over a socket, with a page to begin with and frames to bring it up to date."""

import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import anyio
import anyio.lowlevel
import httpx2
import msgspec

from projections.read.feed import FeedLog
from projections.read.served_generation import Served
from tests.support.bounds import BOUND
from tests.support.house import SITE, THREAD, House, Who
from tests.support.house import token as token_of
from workers.gateway.app import build
from workers.gateway.feed.endpoint import Feed
from workers.gateway.feed.feed_limits import FeedLimits
from workers.gateway.feed.hub import Hub
from workers.gateway.feed.staff_feed import StaffFeed
from workers.gateway.http.feed_retry import BROKEN, LATER
from workers.gateway.http.http_server import HttpServer
from workers.gateway.shapes.feed import FEED, STAFF_FEED
from workers.gateway.web.desk import Sample
from workers.runtime import metrics

RETRY = re.compile(r"retry: (\d+)\n\n")
"""The line that says when to come back."""

DRAIN = 2.0
"""Seconds that answers under way are given when a station ends."""


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
            frame = _frame(block)
            if frame is None:
                self.silences += block.startswith(b":")
                continue
            self.last = frame.id or self.last
            return frame

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

    def __init__(
        self, house: House, hub: Hub, staff: StaffFeed, client: httpx2.AsyncClient, listening: socket.socket
    ) -> None:
        self.house = house
        self.hub = hub
        self.staff = staff
        self.client = client
        self.listening = listening

    @property
    def url(self) -> str:
        """Where the gateway listens, without a slash at the end."""
        return str(self.client.base_url).rstrip("/")

    async def page(self, thread: str = THREAD) -> Page:
        """The whole thread, read afresh."""
        answer = await self.client.get(f"/v1/sites/{SITE}/threads/{thread}?limit=200&depth=50&replies=200")
        assert answer.status_code == 200, answer.text
        document = answer.json()
        assert document["next"] is None
        return Page(document)

    @asynccontextmanager
    async def listen(self, who: Who, token: str | None = None) -> AsyncIterator[Follower]:
        """Open the staff feed."""
        headers = {"Authorization": f"Bearer {token or token_of(who)}"}
        async with self.client.stream("GET", f"/v1/sites/{SITE}/moderation/feed", headers=headers) as answer:
            assert answer.status_code == 200, (await answer.aread()).decode()
            yield Follower(answer, None)

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
async def station(
    house: House,
    *,
    heartbeat: float = 15.0,
    every: float = 1.0,
    limits: FeedLimits | None = None,
    served: Served | None = None,
    sample: Sample | None = None,
) -> AsyncIterator[Station]:
    """A gateway for `house` on a socket of the loopback interface; its feeds may read other views.

    `every` is the minimum number of seconds between two frames of the staff feed.
    """
    deployment = house.deployment
    hub = Hub(
        log=house.log,
        served=served or house.served,
        feed=FeedLog(deployment.calls, deployment.keys),
        subscription=lambda partition: deployment.pubsub.on(deployment.keys[partition].view_channel),
        heartbeat=heartbeat,
        limits=limits,
    )
    staff = StaffFeed(hub, served or house.served, house.services.hands, every=every)
    app = build(house.services, feed=Feed(hub, unfit=house.services.unfit), staff=staff, sample=sample)
    server = HttpServer(app, "127.0.0.1", 0, drain=DRAIN)
    house.services.public.listens(server.url)
    async with (
        hub.running(),
        anyio.create_task_group() as tasks,
        httpx2.AsyncClient(base_url=server.url, timeout=60, verify=False) as client,
    ):
        await tasks.start(server.run)
        try:
            yield Station(house, hub, staff, client, server._socket)
        finally:
            hub.drain()
            await server.drain()


def feed(thread: str) -> str:
    """Where a thread is followed."""
    return f"/v1/sites/{SITE}/threads/{thread}/feed"


async def ended(radio: Station, cause: str, thread: str = THREAD) -> None:
    """The feed is one line that says when to come back."""
    before = metrics.FEED_TURNED_AWAY.labels(cause)._value.get()
    with anyio.fail_after(BOUND):
        answer = await radio.client.get(feed(thread))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    match = RETRY.fullmatch(answer.text)
    assert match is not None, answer.text
    low, high = BROKEN if cause == "draining" else LATER
    assert low * 1000 <= int(match[1]) <= high * 1000
    assert metrics.FEED_TURNED_AWAY.labels(cause)._value.get() == before + 1


async def until(true: Callable[[], object]) -> None:
    """Wait until this is so."""
    with anyio.fail_after(BOUND):
        while not true():
            await anyio.lowlevel.checkpoint()


def parsed(data: bytes) -> list[Frame]:
    """The events in some bytes of a stream that end with one."""
    *blocks, rest = data.split(b"\n\n")
    assert not rest, rest
    return [frame for block in blocks if (frame := _frame(block)) is not None]


def _frame(block: bytes) -> Frame | None:
    fields = dict(_fields(block.decode()))
    if "event" not in fields:
        return None
    data = json.loads(fields["data"])
    shapes = {**FEED, **STAFF_FEED}
    if fields["event"] in shapes:
        # Whatever a test follows, each event has just the fields that the document says.
        assert json.loads(msgspec.json.encode(msgspec.convert(data, shapes[fields["event"]]))) == data, fields
    return Frame(fields["event"], data, fields.get("id"))


def _fields(block: str) -> Iterator[tuple[str, str]]:
    for line in block.split("\n"):
        name, _, value = line.partition(": ")
        yield name, value
