"""Requests to screeners: one text, one answer within a deadline, or the cause for which there is none.

Each site has a bounded number of requests at a time, and so have all sites together. A screener that keeps failing is
left alone for a while. So a slow or broken one holds back neither the texts of other sites nor any reader.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, NamedTuple
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import anyio
from anyio import CapacityLimiter, Semaphore

from core.screener import Screener, Screeners
from core.sealing import Unsealable
from workers.http_client import HttpClient, Reply, RequestFailed
from workers.runtime import metrics
from workers.screener.circuit_breaker import CircuitBreaker
from workers.screening_shapes.registry import SHAPES
from workers.screening_shapes.shape import HookRequest, Overruling, ScreenedText, ScreenerAnswer, UnusableReply

KEPT_S: Final = 2.0
"""Seconds for which the screener of a site is remembered."""
FIRST_PAUSE_S: Final = 0.5
"""Seconds before a request that failed at once is sent again, while its deadline lasts; later twice as long each."""
TELL_WITHIN_S: Final = 10.0
"""Seconds for a request that tells of a decision."""


class NoAnswer(Exception):
    """There is no answer. `cause` is a code for the event and for metrics."""

    def __init__(self, cause: str, shape: str | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.shape = shape


class Answered(NamedTuple):
    """An answer, and the shape by which it was asked for."""

    shape: str
    answer: ScreenerAnswer


class _Remembered(NamedTuple):
    until: float
    screener: Screener | None


class Asker:
    """Asks the screeners of all sites. `clock` is that of breakers and of remembered screeners."""

    def __init__(
        self,
        screeners: Screeners,
        client: HttpClient,
        *,
        at_once: int,
        per_site: int,
        pause: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._screeners = screeners
        self._client = client
        self._limiter = CapacityLimiter(at_once)
        self._per_site = per_site
        self._pause = pause
        self._clock = clock
        self._slots = WeakValueDictionary[str, Semaphore]()
        self._breakers: dict[tuple[str, str], CircuitBreaker] = {}
        self._remembered: dict[str, _Remembered] = {}

    @property
    def open_breakers(self) -> int:
        """Number of open breakers."""
        return sum(one.is_open for one in self._breakers.values())

    @asynccontextmanager
    async def turn(self, site: str) -> AsyncIterator[None]:
        """Wait for the turn of a request of a site, and hold its place for the block."""
        slots = self._slots.get(site)
        if slots is None:
            slots = self._slots[site] = Semaphore(self._per_site)
        async with slots, self._limiter:
            yield

    async def ask(self, text: ScreenedText, id_: str, deadline: float) -> Answered:
        """Ask about a text, within so many seconds. Raises NoAnswer."""
        screener = await self._screener(text.site)
        shape = SHAPES[screener.shape]
        breaker = self._breaker(text.site, screener)
        if not breaker.allows():
            raise NoAnswer("breaker", screener.shape)
        metrics.SCREENING_REQUESTS.labels(screener.shape).inc()
        well: bool | None = False
        try:
            answer = await self._within(
                deadline,
                lambda: shape.ask(text, screener, id_, int(time.time())),
                lambda reply: shape.read(reply, text),
            )
            well = True
        except (RequestFailed, UnusableReply) as error:
            raise NoAnswer(error.cause, screener.shape) from None
        except anyio.get_cancelled_exc_class():
            well = None  # the partition went to another process, which says nothing of the screener
            raise
        finally:
            breaker.ended(well=well)
        return Answered(screener.shape, answer)

    async def tell(self, text: ScreenedText, overruling: Overruling, id_: str) -> bool:
        """Tell a screener of a decision of staff. False if its protocol has no such request. Raises NoAnswer."""
        screener = await self._screener(text.site)
        shape = SHAPES[screener.shape]
        request = shape.tell(text, overruling, screener, id_, int(time.time()))
        if request is None:
            return False
        try:
            reply = await self._send(request, TELL_WITHIN_S)
            shape.check_told(reply)
        except (RequestFailed, UnusableReply) as error:
            raise NoAnswer(error.cause, screener.shape) from None
        return True

    async def _within(
        self, deadline: float, make: Callable[[], HookRequest], read: Callable[[Reply], ScreenerAnswer]
    ) -> ScreenerAnswer:
        """Send a request until there is an answer, the deadline is over, or another attempt would change nothing."""
        until, pause = anyio.current_time() + deadline, FIRST_PAUSE_S
        while True:
            try:
                return read(await self._send(make(), until - anyio.current_time()))
            except RequestFailed as error:
                # A connection that was kept may end just when it is used again: that is no HTTP, either.
                if error.cause not in ("unreachable", "malformed") or anyio.current_time() + pause >= until:
                    raise
            except UnusableReply as error:
                if not error.may_pass or anyio.current_time() + pause >= until:
                    raise
            await anyio.sleep(pause)
            pause *= 2

    async def _send(self, request: HookRequest, within: float) -> Reply:
        return await self._client.send("POST", request.url, headers=request.headers, body=request.body, within=within)

    async def _screener(self, site: str) -> Screener:
        """The screener of a site, read at most once in a while. Raises NoAnswer."""
        known = self._remembered.get(site)
        if known is None or known.until <= self._clock():
            try:
                found = await self._screeners.read(site)
            except Unsealable:
                raise NoAnswer("sealed") from None
            known = self._remembered[site] = _Remembered(self._clock() + KEPT_S, found)
        if known.screener is None or known.screener.shape not in SHAPES:
            raise NoAnswer("unconfigured")
        return known.screener

    def _breaker(self, site: str, screener: Screener) -> CircuitBreaker:
        key = site, urlsplit(screener.url).netloc
        if key not in self._breakers:
            # A screener that was set up at another address begins with a closed one.
            self._breakers = {other: one for other, one in self._breakers.items() if other[0] != site}
            self._breakers[key] = CircuitBreaker(self._pause, self._clock)
        return self._breakers[key]
