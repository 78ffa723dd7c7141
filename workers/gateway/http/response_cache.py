"""Answers that are the same for everyone, kept ready, and believed for no longer than a blink.

An answer is kept with the states of the partitions that it was made from: which views were served, and how far they had
come. It is given again where the partitions were found in those states at most FRESH seconds ago; otherwise they are
asked, once for all waiting requests, in one round trip (`workers.gateway.http.view_states`). So no change has to be
notified, and no lost message can keep an answer alive: it is at most FRESH and a round trip behind what is committed.

Where the state has moved on, one request makes the answer anew and those that came meanwhile wait for it.
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
from workers.gateway.http.view_states import FRESH, PartitionStates, StateReader
from workers.runtime import metrics

ASKED_WITHIN: Final = 2.0
"""Seconds in which the states of the views have to be told; after them the application has the rest of the patience."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""So much is kept; what was asked for least recently goes first."""
_OVERHEAD: Final = 1500
"""Bytes that keeping an answer takes besides its body."""
_PER_STATE: Final = 200
"""Bytes that each state takes which it was made from."""

Address = tuple[str, bytes]
"""Path and query string, as they came."""


class _Kept:
    """One answer. What is sent of it is made when it is sent again: most of what is asked once is not asked twice."""

    def __init__(self, response: Response, etag: bytes, counted: Callable[[str, float], None]) -> None:
        self._reply = response
        self.etag = etag
        self.seen = response.seen
        self.counted = counted
        self.length = len(response.body)
        self.packed: tuple[Message, Message] | None = None
        """The messages of the compressed answer, once it was asked for."""
        self.size = len(response.body) + _OVERHEAD + _PER_STATE * len(response.seen)

    @cached_property
    def start(self) -> Message:
        """What begins the answer."""
        return start_of(self._reply)

    @cached_property
    def known(self) -> Message:
        """What begins the answer to who has it already."""
        return start_of(Response(NOT_MODIFIED, b"", self._reply.headers))

    @cached_property
    def body(self) -> Message:
        """The rest of it."""
        return {"type": "http.response.body", "body": self._reply.body}


class ReadyAnswers:
    """Stands before an application and answers what it can. `fresh` is in seconds; 0 believes nothing."""

    def __init__(self, views: StateReader, *, fresh: float = FRESH, most_bytes: int = MOST_BYTES) -> None:
        self.states = PartitionStates(views, fresh=fresh)
        self._kept = Lru[Address, _Kept](most_bytes, most_each=most_bytes // 4)
        self._making: dict[Address, anyio.Event] = {}
        metrics.READY_BYTES.set_function(lambda: self.bytes)

    @property
    def bytes(self) -> int:
        """Bytes that are kept."""
        return self._kept.bytes

    def before(self, app: ASGIApp) -> ASGIApp:
        """`app`, asked for what is not ready."""

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
        """Keep the answer to a GET, which is the same for everyone as long as the views are as it has seen them."""
        address: Address = (scope["path"], scope["query_string"])
        if not response.seen or response.tag is None:
            return
        kept = _Kept(response, caching.etag(response.tag), counter(route))
        self._kept.put(address, kept, kept.size)

    async def _pack(self, address: Address, kept: _Kept) -> tuple[Message, Message]:
        """Compress an answer, once for all requests that take it compressed."""
        body = await compression.compressed(kept.body["body"])
        packed = kept.packed = compression.start_of(kept.start, body), {"type": "http.response.body", "body": body}
        if self._kept.get(address) is kept:
            kept.size += len(body)
            self._kept.put(address, kept, kept.size)
        return packed

    async def _found(
        self, app: ASGIApp, address: Address, kept: _Kept | None, scope: Scope, receive: Receive, send: Send
    ) -> _Kept | None:
        """An answer that holds, once one is there; None where the application had to answer, which it has then."""
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
        """Let the application answer, while those who ask the same wait for what it keeps."""
        _MADE.inc()
        making = self._making[address] = anyio.Event()

        async def sending(message: Message) -> None:
            # By now it is kept, if it is to be: nobody need wait until a slow client has taken it.
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
        """True where the views are known to be in the states that the answer was made from: most are, with no wait."""
        return self.states.are(kept.seen)

    async def _holds(self, kept: _Kept) -> bool:
        """True where the views are in the states that the answer was made from, as far as that is believed."""
        try:
            with anyio.move_on_after(max(0.0, min(ASKED_WITHIN, left()))):
                return await self.states.of([seen.partition for seen in kept.seen]) == [*kept.seen]
        except Unavailable:
            pass  # counted and logged where it was given up
        return False  # the application says it


@cache
def counter(route: str) -> Callable[[str, float], None]:
    """What counts the answers of a route; they have no line in the log, which would take longer than they do."""
    answers: dict[str, Any] = {status: metrics.HTTP_REQUESTS.labels(route, "GET", status) for status in ("200", "304")}
    seconds = metrics.HTTP_SECONDS.labels(route, "GET")

    def count(status: str, begun: float) -> None:
        answers[status].inc()
        seconds.observe(time.perf_counter() - begun)

    return count


_READY: Final = metrics.READY_ANSWERS.labels("ready")
_MADE: Final = metrics.READY_ANSWERS.labels("made")
_NO_BODY: Final[Message] = {"type": "http.response.body", "body": b""}
