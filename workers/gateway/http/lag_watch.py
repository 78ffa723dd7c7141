"""The lag of the views behind the log, measured by each serving process and reported in its responses.

A projector reports the lag of its own partitions. If no projector runs, there is no report, and readers would get an
old page that looks current. So every serving process measures the lag itself, every few seconds. A response from views
that are too far behind carries `Hansard-Lag`, in seconds. Between two measurements a lag grows with the clock.
"""

import math
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

import anyio
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.log.port import Log
from core.partitions import partition_of
from core.refusals import Unavailable
from projections.read.lag import lags_of_readable
from projections.read.served_generation import Served
from workers.runtime import metrics

LAG: Final = b"hansard-lag"

EVERY: Final = 3.0
"""Seconds between two measurements."""
BOUND: Final = 10.0
"""Seconds that views may be behind before responses report it."""

_READ: Final = frozenset({"GET", "HEAD"})
_OF_A_SITE: Final = re.compile(r"/v1/sites/[^/]+/.*[^/]")
_THREAD: Final = re.compile(r"/v1/sites/([^/]+)/threads/([^/]+)(?:/.*)?")
_OF_THE_LOG: Final = re.compile(
    r"/v1/sites/[^/]+/(?:audit|policy|keys|threads/[^/]+/(?:record|policy)|threads/[^/]+/comments/[^/]+/trail)"
)
"""Paths whose responses come from the log and are never behind."""
_SERVER_ERROR: Final = 500

_log = structlog.get_logger(__name__)


class LagState(NamedTuple):
    """Result of one measurement."""

    since: Mapping[int, int]
    """Recording time of the oldest event that the views lack, in milliseconds since 1970, by partition. Has only the
    partitions that are behind."""
    ahead: int
    """Number of partitions whose log ends before their views do: the views were not made from this log."""
    refusal: str | None
    """Code of the error with which the server refuses writes. None if it accepts writes."""


class LagWatch:
    """Measures the lag of the views. `clock` returns seconds since 1970; a lag up to `bound` is not reported."""

    def __init__(
        self,
        served: Served,
        log: Log,
        *,
        clock: Callable[[], float],
        bound: float = BOUND,
        every: float = EVERY,
    ) -> None:
        self.last: LagState | None = None
        """Last result. None before the first measurement, and if the last one failed."""
        self._served, self._log = served, log
        self._partitions = log.partitions
        self._clock = clock
        self._bound = bound
        self._every = every
        self._since: Mapping[int, int] = {}
        self._oldest = math.inf
        self._is_reported = False
        metrics.VIEWS_LAG_SECONDS.set_function(self.seconds)
        metrics.ANSWERING.labels("reads").set_function(lambda: self.last is not None)
        metrics.ANSWERING.labels("writes").set_function(lambda: self.last is not None and self.last.refusal is None)

    async def measure(self) -> LagState:
        """Measure the lag now. Raises `core.refusals.Unavailable`."""
        try:
            found = await _measure(self._served, self._log)
        except BaseException:
            self.last = None
            raise
        self.last, self._since = found, found.since
        self._oldest = min(found.since.values(), default=math.inf)
        self._log_change()
        return found

    async def run(self) -> None:
        """Measure the lag periodically until cancelled."""
        while True:
            try:
                await self.measure()
            except Unavailable:
                _log.warning("lag_not_measured")
            await anyio.sleep(self._every)

    def seconds(self, partition: int | None = None) -> float:
        """Current lag of a partition's views in seconds, by default the largest of all partitions."""
        since = self._oldest if partition is None else self._since.get(partition, math.inf)
        return max(0.0, self._clock() - since / 1000)

    def to_report(self, path: str) -> int | None:
        """Return the lag to report for a read of this path, in whole seconds. None if there is none to report."""
        if self.seconds() <= self._bound or not is_of_views(path):
            return None
        thread = _THREAD.fullmatch(path)
        seconds = self.seconds(None if thread is None else partition_of(thread[1], thread[2], self._partitions))
        return int(seconds) if seconds > self._bound else None

    def before(self, app: ASGIApp) -> ASGIApp:
        """Wrap `app` to add `Hansard-Lag` to responses from views that are too far behind."""

        def respond(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            lag = None
            if self._oldest != math.inf and scope["type"] == "http" and scope["method"] in _READ:
                lag = self.to_report(scope["path"])
            return app(scope, receive, send if lag is None else _with_lag(send, lag))

        return respond

    def _log_change(self) -> None:
        """Log when views fall too far behind, and when they have recovered."""
        late = self.seconds() > self._bound
        if late and not self._is_reported:
            _log.warning("views_lagged", partitions=len(self._since), seconds=int(self.seconds()))
        elif self._is_reported and not late:
            _log.info("views_recovered")
        self._is_reported = late


def is_of_views(path: str) -> bool:
    """True if the response to a read of this path comes from views."""
    return _OF_A_SITE.fullmatch(path) is not None and _OF_THE_LOG.fullmatch(path) is None


async def _measure(served: Served, log: Log) -> LagState:
    behind = await lags_of_readable(served, log)
    since = {lag.partition: lag.since for lag in behind if lag.events > 0}
    return LagState(since, sum(lag.events < 0 for lag in behind), await log.refusal())


def _with_lag(send: Send, seconds: int) -> Callable[[Message], Awaitable[None]]:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] < _SERVER_ERROR:
            message = {**message, "headers": [*message["headers"], (LAG, b"%d" % seconds)]}
        await send(message)

    return sending
