"""Those who read while things fail: clients of the feed, which must not miss a thing, and readers of pages."""

import json
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any, Final

import anyio
import httpx2
from msgspec import Struct

from core.position import Position
from tests.faults.clients import Client
from tests.faults.people import ROOT, Tokens
from tests.support.following import Follower, Page

SILENT_FOR: Final = 20.0
"""Seconds of silence after which a client takes its stream for dead: a heartbeat comes every 15."""
RECONNECTS_AFTER: Final = 0.1
WHOLE: Final = "limit=200&depth=50&replies=200"
"""How a client asks for all of a thread."""
VOTES: Final = "votes.changed"


class Told(Struct):
    """One frame that a client was sent."""

    connection: int
    event: str
    id: str | None
    comment: str | None


class FeedClient:
    """Follows one thread: reads the page, takes every frame in, comes back with the last id that it saw."""

    def __init__(self, thread: str, gateways: Sequence[str], at: int) -> None:
        self.thread = thread
        self.page: Page | None = None
        self.told: list[Told] = []
        self.resets = 0
        self.complaints: list[str] = []
        """What it was told that it must not be told."""
        self._gateways = gateways
        self._at = at
        self._connection = 0
        self._last: str | None = None

    async def run(self) -> None:
        """Follow for ever."""
        async with httpx2.AsyncClient(timeout=httpx2.Timeout(SILENT_FOR)) as client:
            while True:
                try:
                    if self.page is None:
                        await self._read(client)
                    await self._follow(client)
                except (httpx2.HTTPError, json.JSONDecodeError):
                    pass  # a gateway died on us, in the middle of a frame perhaps: that is what this is about
                self._at += 1
                await anyio.sleep(RECONNECTS_AFTER)

    async def _read(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get(f"{self._url()}?{WHOLE}")
        if answer.status_code == httpx2.codes.OK:
            self.page = Page(answer.json())
            self._last = None

    async def _follow(self, client: httpx2.AsyncClient) -> None:
        if self.page is None:
            return
        self._connection += 1
        url = f"{self._url()}/feed?after={self.page.thread['position']}"
        headers = {} if self._last is None else {"Last-Event-ID": self._last}
        async with client.stream("GET", url, headers=headers) as answer:
            if answer.status_code != httpx2.codes.OK:
                return
            follower = Follower(answer, self._last)
            async with aclosing(follower._chunks):
                while (frame := await follower.next()) is not None:
                    if frame.event == "reset":
                        self.resets += 1
                        self.page = self._last = None
                        return
                    self._take(frame.event, frame.id, frame.data["comment"])
                    self.page.apply(frame)
                    self._last = follower.last

    def _take(self, event: str, at: str | None, comment: str | None) -> None:
        """Votes may be told twice, under a position that was told; everything else goes on, and once."""
        assert self.page is not None
        if at is not None and event != VOTES:
            before = self._last or self.page.thread["position"]
            if Position.parse(at) <= Position.parse(str(before)):
                self.complaints.append(f"{event} at {at} after {before}")
        self.told.append(Told(self._connection, event, at, comment))

    def _url(self) -> str:
        return f"{self._gateways[self._at % len(self._gateways)]}{ROOT}/threads/{self.thread}"


class Reader:
    """Reads a page again and again: it never goes back, and never fails but by being told to come again."""

    def __init__(self, thread: str, gateways: Sequence[str], tokens: Tokens, at: int) -> None:
        self.thread = thread
        self.read = 0
        self.complaints: list[str] = []
        self._client = Client(gateways, tokens, at)

    async def run(self, pause: float) -> None:
        """Read for ever, so many seconds apart."""
        while True:
            answer = await self._client.read(f"/threads/{self.thread}?limit=20")
            if answer is not None and answer.status == httpx2.codes.OK:
                self.read += 1
            elif answer is not None:
                # The views may not have a thread that was just opened. Once it was seen it is there.
                early = answer.status == httpx2.codes.NOT_FOUND and not self.read
                if answer.status != httpx2.codes.SERVICE_UNAVAILABLE and not early:
                    self.complaints.append(f"a page was answered with {answer.status}")
                self._client.turn()
            await anyio.sleep(pause)


async def fresh_page(client: Client, thread: str) -> Page | None:
    """The whole thread as it is served now; None where nobody serves it."""
    answer = await client.read(f"/threads/{thread}?{WHOLE}")
    if answer is None or answer.status != httpx2.codes.OK:
        return None
    document: dict[str, Any] = json.loads(answer.body)
    assert document["next"] is None, "a thread of the load fits into one page"
    return Page(document)
