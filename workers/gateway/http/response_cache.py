"""Response cache for public reads. An entry is served for at most 25 ms without asking Redis.

A response is cached with the states of its partitions: the generation of the served views, and their position. It is
served again if its partitions were in those states at most FRESH seconds ago. Otherwise the states are read, once for
all waiting requests, in one round trip (`workers.gateway.http.view_states`). So no change needs a notification, and no
lost message can keep an entry alive: a response is at most FRESH and a round trip behind the committed state.

If the state has changed, one request makes a new response, and concurrent requests wait for it.
"""

import time
from collections.abc import Awaitable, Callable
from functools import cache, cached_property
from typing import Any, Final

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.keys import Keys
from core.lru import Lru
from core.redis.errors import left, one_request
from core.refusals import Unavailable
from projections.read.queries import ViewState
from workers.gateway.http import caching, compression
from workers.gateway.http.response import NOT_MODIFIED, Response, start_of
from workers.gateway.http.view_states import FRESH, PartitionStates, ReadStates
from workers.runtime import metrics

STATES_WITHIN: Final = 2.0
"""Seconds for a read of the views' states. After that the application has the rest of the request's retry time."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""Bytes kept. The least recently used entry is evicted first."""
_OVERHEAD: Final = 1500
"""Overhead of an entry in bytes, besides its body."""
_PER_STATE: Final = 200
"""Bytes per partition state of an entry."""

Address = tuple[str, bytes]
"""Path and query string, as received."""


class _Entry:
    """One entry. Its messages are made when it is first served again: most entries never are."""

    def __init__(self, response: Response, etag: bytes, count: Callable[[str, float], None]) -> None:
        self.response = response
        self.etag = etag
        self.states = response.states
        self.count = count
        self.length = len(response.body)
        self.packed: tuple[Message, Message] | None = None
        """Messages of the compressed response, once it was requested."""
        self.size = len(response.body) + _OVERHEAD + _PER_STATE * len(response.states)

    @cached_property
    def start(self) -> Message:
        """The start message of the response."""
        return start_of(self.response)

    @cached_property
    def not_modified(self) -> Message:
        """The start message of the 304 for a client that has the response already."""
        return start_of(self.response._replace(status=NOT_MODIFIED, body=b""))

    @cached_property
    def body(self) -> Message:
        """The body message of the response."""
        return {"type": "http.response.body", "body": self.response.body}


class ResponseCache:
    """Middleware that serves cached responses. `fresh` is in seconds; with 0 every use reads the states."""

    def __init__(self, read: ReadStates, *, fresh: float = FRESH, most_bytes: int = MOST_BYTES) -> None:
        self.states = PartitionStates(read, fresh=fresh)
        self._entries = Lru[Address, _Entry](most_bytes, most_each=most_bytes // 4)
        self._making: dict[Address, anyio.Event] = {}
        metrics.READY_BYTES.set_function(lambda: self.bytes)

    @property
    def bytes(self) -> int:
        """Bytes kept."""
        return self._entries.bytes

    def before(self, app: ASGIApp) -> ASGIApp:
        """Wrap `app`, which handles requests without a cached response."""

        def respond(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            if scope["type"] != "http" or scope["method"] != "GET":
                return app(scope, receive, send)
            return self._respond(app, scope, receive, send)

        return respond

    async def _respond(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        address: Address = (scope["path"], scope["query_string"])
        entry = self._entries.get(address)
        if entry is None or not self.states.match(entry.states):
            with one_request():
                entry = await self._valid_entry(app, address, entry, scope, receive, send)
            if entry is None:
                return
        _READY.inc()
        match = encodings = None
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                match = value if match is None else match + b", " + value
            elif name == b"accept-encoding":
                encodings = value if encodings is None else encodings + b", " + value
        if caching.has(match, entry.etag):
            await send(entry.not_modified)
            await send(_NO_BODY)
            entry.count("304", begun)
            return
        if encodings is not None and entry.length >= compression.LEAST and compression.accepts(encodings):
            start, body = entry.packed or await self._pack(address, entry)
        else:
            start, body = entry.start, entry.body
        await send(start)
        await send(body)
        entry.count("200", begun)

    def keep(self, scope: Scope, route: str, response: Response) -> None:
        """Cache the response to a GET. It is the same for every client while the views are in its `states`."""
        address: Address = (scope["path"], scope["query_string"])
        if not response.states or response.tag is None:
            return
        entry = _Entry(response, caching.etag(response.tag), counter(route))
        before = self._entries.get(address)
        if (
            before is not None
            and before.packed is not None
            and before.response._replace(states=()) == response._replace(states=())
        ):
            # Another thread of the partition has changed, as most often: the response is compressed already.
            entry.packed = before.packed
            entry.size += len(before.packed[1]["body"])
        self._entries.put(address, entry, entry.size)

    def kept(self, scope: Scope) -> Response | None:
        """Return the response that is cached for a GET, whether or not the views are still in its states."""
        entry = self._entries.get((scope["path"], scope["query_string"]))
        return None if entry is None else entry.response

    async def _pack(self, address: Address, entry: _Entry) -> tuple[Message, Message]:
        """Compress a response, once for all requests that accept it compressed."""
        body = await compression.compressed(entry.body["body"])
        packed = entry.packed = compression.start_of(entry.start, body), {"type": "http.response.body", "body": body}
        if self._entries.get(address) is entry:
            entry.size += len(body)
            self._entries.put(address, entry, entry.size)
        return packed

    async def _valid_entry(
        self, app: ASGIApp, address: Address, entry: _Entry | None, scope: Scope, receive: Receive, send: Send
    ) -> _Entry | None:
        """Return an entry that holds, perhaps after a wait. None if the application has sent the response instead."""
        while entry is not None and not (self._is_fresh(entry) or await self._is_current(entry)):
            newer = self._entries.get(address)
            if newer is entry:
                making = self._making.get(address)
                if making is None:
                    await self._make(app, address, scope, receive, send)
                    return None
                with anyio.move_on_after(max(0.0, left())):
                    await making.wait()
                newer = self._entries.get(address)
                newer = None if newer is entry else newer
            entry = newer
        if entry is None:
            _MADE.inc()
            await app(scope, receive, send)
        return entry

    async def _make(self, app: ASGIApp, address: Address, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application respond, while requests for the same address wait for the new entry."""
        _MADE.inc()
        making = self._making[address] = anyio.Event()

        async def sending(message: Message) -> None:
            # By now the entry is cached, if it is cached at all: no request need wait until a slow client has taken it.
            self._done(address, making)
            await send(message)

        try:
            await app(scope, receive, sending)
        finally:
            self._done(address, making)

    def _done(self, address: Address, making: anyio.Event) -> None:
        if self._making.get(address) is making:
            del self._making[address]
        making.set()

    def _is_fresh(self, entry: _Entry) -> bool:
        """True if the views are known to be in the states of the entry. Most are, without a wait."""
        return self.states.match(entry.states)

    async def _is_current(self, entry: _Entry) -> bool:
        """True if the views are in the states of the entry, read at most `fresh` seconds ago. False if unreadable."""
        try:
            with anyio.move_on_after(max(0.0, min(STATES_WITHIN, left()))):
                return await self.states.of([state.partition for state in entry.states]) == [*entry.states]
        except Unavailable:
            pass  # the retry that gave up counted and logged it
        return False  # the application reports the error


@cache
def counter(route: str) -> Callable[[str, float], None]:
    """Return a function that counts a route's responses. They are not logged: logging takes longer than responding."""
    answers: dict[str, Any] = {status: metrics.HTTP_REQUESTS.labels(route, "GET", status) for status in ("200", "304")}
    seconds = metrics.HTTP_SECONDS.labels(route, "GET")

    def count(status: str, begun: float) -> None:
        answers[status].inc()
        seconds.observe(time.perf_counter() - begun)

    return count


_READY: Final = metrics.READY_ANSWERS.labels("ready")
_MADE: Final = metrics.READY_ANSWERS.labels("made")
_NO_BODY: Final[Message] = {"type": "http.response.body", "body": b""}


async def states_of_site(cache: ResponseCache | None, keys: Keys, site: str) -> tuple[ViewState, ...]:
    """Return the state of the partition of a site's own events; empty without a cache. Raises Unavailable."""
    return () if cache is None else tuple(await cache.states.of([keys.of(site, "").number]))
