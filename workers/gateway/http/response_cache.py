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

from core.lru import Lru
from core.redis.errors import left, one_request
from core.refusals import Unavailable
from workers.gateway.http import caching, compression
from workers.gateway.http.response import NOT_MODIFIED, Response, start_of
from workers.gateway.http.view_states import FRESH, PartitionStates, ReadStates
from workers.runtime import metrics

ASKED_WITHIN: Final = 2.0
"""Seconds for a read of the views' states. After that the application has the rest of the request's retry time."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""Bytes kept. The least recently used entry is evicted first."""
_OVERHEAD: Final = 1500
"""Overhead of an entry in bytes, besides its body."""
_PER_STATE: Final = 200
"""Bytes per partition state of an entry."""

Address = tuple[str, bytes]
"""Path and query string, as received."""


class _Kept:
    """One entry. Its messages are made when it is first served again: most entries never are."""

    def __init__(self, response: Response, etag: bytes, counted: Callable[[str, float], None]) -> None:
        self._reply = response
        self.etag = etag
        self.seen = response.seen
        self.counted = counted
        self.length = len(response.body)
        self.packed: tuple[Message, Message] | None = None
        """Messages of the compressed response, once it was requested."""
        self.size = len(response.body) + _OVERHEAD + _PER_STATE * len(response.seen)

    @cached_property
    def start(self) -> Message:
        """The start message of the response."""
        return start_of(self._reply)

    @cached_property
    def known(self) -> Message:
        """The start message of the 304 for a client that has the response already."""
        return start_of(Response(NOT_MODIFIED, b"", self._reply.headers))

    @cached_property
    def body(self) -> Message:
        """The body message of the response."""
        return {"type": "http.response.body", "body": self._reply.body}


class ReadyAnswers:
    """Middleware that serves cached responses. `fresh` is in seconds; with 0 every use reads the states."""

    def __init__(self, read: ReadStates, *, fresh: float = FRESH, most_bytes: int = MOST_BYTES) -> None:
        self.states = PartitionStates(read, fresh=fresh)
        self._kept = Lru[Address, _Kept](most_bytes, most_each=most_bytes // 4)
        self._making: dict[Address, anyio.Event] = {}
        metrics.READY_BYTES.set_function(lambda: self.bytes)

    @property
    def bytes(self) -> int:
        """Bytes kept."""
        return self._kept.bytes

    def before(self, app: ASGIApp) -> ASGIApp:
        """Wrap `app`, which handles requests without a cached response."""

        def answered(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            if scope["type"] != "http" or scope["method"] != "GET":
                return app(scope, receive, send)
            return self._answered(app, scope, receive, send)

        return answered

    async def _answered(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        address: Address = (scope["path"], scope["query_string"])
        kept = self._kept.get(address)
        if kept is None or not self.states.are(kept.seen):
            with one_request():
                kept = await self._found(app, address, kept, scope, receive, send)
            if kept is None:
                return
        _READY.inc()
        match = encodings = None
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                match = value if match is None else match + b", " + value
            elif name == b"accept-encoding":
                encodings = value if encodings is None else encodings + b", " + value
        if caching.has(match, kept.etag):
            await send(kept.known)
            await send(_NO_BODY)
            kept.counted("304", begun)
            return
        if encodings is not None and kept.length >= compression.LEAST and compression.accepts(encodings):
            start, body = kept.packed or await self._pack(address, kept)
        else:
            start, body = kept.start, kept.body
        await send(start)
        await send(body)
        kept.counted("200", begun)

    def keep(self, scope: Scope, route: str, response: Response) -> None:
        """Cache the response to a GET. It is the same for every client while the views are in the states in `seen`."""
        address: Address = (scope["path"], scope["query_string"])
        if not response.seen or response.tag is None:
            return
        kept = _Kept(response, caching.etag(response.tag), counter(route))
        self._kept.put(address, kept, kept.size)

    async def _pack(self, address: Address, kept: _Kept) -> tuple[Message, Message]:
        """Compress a response, once for all requests that accept it compressed."""
        body = await compression.compressed(kept.body["body"])
        packed = kept.packed = compression.start_of(kept.start, body), {"type": "http.response.body", "body": body}
        if self._kept.get(address) is kept:
            kept.size += len(body)
            self._kept.put(address, kept, kept.size)
        return packed

    async def _found(
        self, app: ASGIApp, address: Address, kept: _Kept | None, scope: Scope, receive: Receive, send: Send
    ) -> _Kept | None:
        """Return an entry that holds, perhaps after a wait. None if the application has sent the response instead."""
        while kept is not None and not (self._is_fresh(kept) or await self._holds(kept)):
            newer = self._kept.get(address)
            if newer is kept:
                making = self._making.get(address)
                if making is None:
                    await self._made(app, address, scope, receive, send)
                    return None
                with anyio.move_on_after(max(0.0, left())):
                    await making.wait()
                newer = self._kept.get(address)
                newer = None if newer is kept else newer
            kept = newer
        if kept is None:
            _MADE.inc()
            await app(scope, receive, send)
        return kept

    async def _made(self, app: ASGIApp, address: Address, scope: Scope, receive: Receive, send: Send) -> None:
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

    def _is_fresh(self, kept: _Kept) -> bool:
        """True if the views are known to be in the states of the entry. Most are, without a wait."""
        return self.states.are(kept.seen)

    async def _holds(self, kept: _Kept) -> bool:
        """True if the views are in the states of the entry, read at most `fresh` seconds ago. False if unreadable."""
        try:
            with anyio.move_on_after(max(0.0, min(ASKED_WITHIN, left()))):
                return await self.states.of([seen.partition for seen in kept.seen]) == [*kept.seen]
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
