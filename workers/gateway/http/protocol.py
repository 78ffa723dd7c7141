"""HTTP/1.1 on one connection, with bounds on the time that a client takes and one timer.

The timer is armed for the earliest time at which a bound may be exceeded. It is not moved while requests come and go:
if nothing is late when it fires, it is armed again. So an ordinary request neither arms nor cancels a timer.

| bound | consequence |
| --- | --- |
| head_timeout, from the first byte of a head to its end | 408, close |
| body_timeout and body_rate | the reader of the body is notified, and responds 408; close |
| idle_timeout, without a request under way | close |
| send_timeout, without a byte of pending output taken | abort |

A close while the client may still be sending is a half-close: further data is dropped, for linger_timeout at most.
After an immediate close the system would respond to that data with a TCP reset, and the client would lose the response.
"""

import asyncio
import fcntl
import math
import sys
import termios
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.protocols.utils import get_local_addr, get_remote_addr
from uvicorn.server import ServerState

from core.refusals import Refusal
from workers.gateway.http import feed_retry, http10
from workers.gateway.http.connections import Connections
from workers.gateway.http.cycle import Cycle, Flow, Outlet
from workers.gateway.http.error_response import error_response, response
from workers.gateway.http.refusals import RequestTimeout, TooManyRequests
from workers.gateway.http.request_reader import RequestReader
from workers.runtime import metrics

STALL_CHECKS: Final = 4
"""Checks of a stalled response within `send_timeout`."""
SOON: Final = 0.001
"""Seconds by which a timer may come early."""
_FEED: Final = "/feed"
_TOO_MANY: Final = TooManyRequests("too many concurrent requests from this address")


class BoundedHttpProtocol(RequestReader):
    """One connection. The module docstring lists its bounds."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        connections: Connections,
    ) -> None:
        super().__init__(config, server_state, app_state, connections.limits)
        self._registry = connections
        self._idle = connections.idle
        self._hops = connections.addresses.hops
        self._raw_transport: asyncio.Transport
        self._running: RequestResponseCycle | None = None
        """The request being handled; `cycle` is the newest."""
        self._peer: str | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._armed = math.inf
        self._idle_since = 0.0
        self._closing = False
        self._lingers_until = math.inf
        self._unsent = 0
        self._stalled_checks = 0

    # --- the connection ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Set up the connection. Refuse it if its peer has too many."""
        self.connections.add(self)
        self._raw_transport = transport
        self.transport = Outlet(transport, self._close)
        self.flow = Flow(transport)
        self.server = get_local_addr(transport)
        self.client = get_remote_addr(transport)
        self.scheme = "http"
        now = self.loop.time()
        self._idle_since = now
        self._arm(now + min(self._limits.idle_timeout, self._limits.send_timeout))
        if self._registry.draining:
            self._stopping = True
            self._close()
        self._peer = None if self.client is None else self._registry.addresses.of_peer(self.client[0])
        count = self._registry.opened(self._peer)
        if self._closing:
            return
        if count > self._registry.per_address:
            metrics.SHARES_EXHAUSTED.labels("address").inc()
            if count > 2 * self._registry.per_address:
                self._end("address")
            else:
                self._refuse(TooManyRequests("too many open connections from this address"))
            return
        self._become_idle()

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up after the connection."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._armed = -math.inf  # nothing is armed any more
        self._closing = True
        self._registry.closed(self, self._peer)
        self.pipeline.clear()
        if self._running is not None and self._running is not self.cycle:
            # uvicorn does not notify this cycle if others wait behind it.
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close as soon as the requests under way have their responses."""
        self._stopping = True
        super().shutdown()

    def close_idle(self, cause: str) -> None:
        """Close a connection on which no request is under way."""
        self._end(cause)

    def pause_writing(self) -> None:
        """Watch for a stall: the client takes less than is sent."""
        super().pause_writing()
        self._unsent = 0
        self._arm(self.loop.time() + self._limits.send_timeout / STALL_CHECKS)

    # --- requests ---

    def _begin(self, scope: Any, *, expects: bool) -> None:
        self._take(scope, self.app, expects=expects)

    def _take(self, scope: Any, app: Any, *, expects: bool = False) -> None:
        """Let `app` handle a request after those before it."""
        self._idle.pop(self, None)
        running = self._running
        self.cycle = cycle = Cycle(
            scope,
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            self.access_log,
            self.server_state.default_headers,
            asyncio.Event(),
            expects,
            False,  # noqa: FBT003 - keep_alive: until the request is whole its response is the last one here
            self.on_response_complete,
        )
        if running is None or running.response_complete:
            self._start_asgi_task(cycle, app)
        else:
            self.pipeline.appendleft((cycle, app))

    def _is_busy(self) -> bool:
        """True while a request is under way."""
        return self._running is not None and not self._running.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Handle one request, within the share of its client address."""
        self._running = cycle
        # uvicorn's scope is a TypedDict, Starlette's any mutable mapping.
        address = self._registry.addresses.of_request(cycle.scope) if self._hops else self._peer  # type: ignore[arg-type]
        if address is not None:
            app = self._within_share(app, address, feed=cycle.scope["path"].endswith(_FEED))
        if cycle.scope["http_version"] == http10.VERSION:
            app = http10.without_chunks(cycle, app)
        # As uvicorn has it, without a call: this is done for every request.
        task = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _within_share(self, app: ASGIApp, address: str, *, feed: bool) -> ASGIApp:
        registry = self._registry

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if not registry.enter(address, feed=feed):
                await (_full_feeds() if feed else error_response(_TOO_MANY))(scope, receive, send)
                return
            try:
                await app(scope, receive, send)
            finally:
                registry.leave(address, feed=feed)

        return answer

    def _refuse(self, refusal: Refusal) -> None:
        """Refuse the incoming request after those before it, and take nothing more from this connection."""
        self._ignores_input = self._dropped = True
        if self._partial and not self._in_head:
            self._break_body(refusal)
            return
        scope: dict[str, Any] = {
            "type": "http",
            "method": self._method(),
            "path": "",
            "http_version": "1.1",
            "client": self.client,
            "headers": [],
        }
        self._partial = self._in_head = False
        self._since = 0.0
        self._take(scope, error_response(refusal))

    # --- the end of a response, and of the connection ---

    def on_response_complete(self) -> None:
        """Begin the next response, or become idle."""
        self.server_state.total_requests += 1
        if self._closing:
            return
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            if not self.pipeline:
                self._waiting_bytes = 0
            self._start_asgi_task(cycle, app)
        if self.flow.held:
            self._continue_reading()
        elif self.flow.read_paused:
            self.flow.resume_reading()
        if self._is_busy():
            return
        self._idle_since = self.loop.time()
        if not self._partial:
            self._become_idle()
        elif self._in_head:
            self._watch()

    def _become_idle(self) -> None:
        self._idle[self] = None
        if self._registry.on_room is not None:
            self._registry.notify_room()

    def _close(self) -> None:
        """Close once all is sent. If the client may still be sending, let it finish first."""
        if self._closing:
            return
        self._closing = True
        self._idle.pop(self, None)
        now = self.loop.time()
        if (self._dropped or self._partial) and self._raw_transport.can_write_eof():
            self._ignores_input = True
            self._raw_transport.write_eof()
            self.flow.held = False
            self.flow.resume_reading()
            self._lingers_until = now + self._limits.linger_timeout
        else:
            self._raw_transport.close()
        self._unsent = 0
        self._arm(min(self._lingers_until, now + self._limits.send_timeout / STALL_CHECKS))

    def _end(self, cause: str) -> None:
        """Close a connection without a request under way."""
        metrics.CONNECTIONS_CLOSED.labels(cause).inc()
        self._ignores_input = True
        self._close()

    # --- the timer ---

    def _arm(self, when: float) -> None:
        """Arm the timer to fire no later than `when` (time of the loop)."""
        if when < self._armed:
            if self._timer is not None:
                self._timer.cancel()
            self._armed = when
            self._timer = self.loop.call_at(when, self._on_timer)

    def _watch(self) -> None:
        """Start timing the incoming head or body, unless that has begun or other responses come first."""
        if self._since:
            return
        self._idle.pop(self, None)
        if self._in_head and self._is_busy():
            return
        self._since = self.loop.time()
        self._arm(self._late_at())

    def _late_at(self) -> float:
        """Return the time from which the incoming head or body is late."""
        if not self._since:
            return math.inf
        if self._in_head:
            return self._since + self._limits.head_timeout
        return self._since + self._limits.body_timeout + self._body_bytes / self._limits.body_rate

    def _on_timer(self) -> None:
        """End what is late, and arm the timer again for the rest."""
        self._timer, self._armed = None, math.inf
        now = self.loop.time() + SOON
        again = now + self._limits.send_timeout
        if unsent := self._stalled():
            # Checks are counted, not seconds: a client must not be cut off because this process itself stood still.
            self._stalled_checks = self._stalled_checks + 1 if unsent == self._unsent else 0
            self._unsent = unsent
            if self._stalled_checks >= STALL_CHECKS:
                metrics.CONNECTIONS_CLOSED.labels("unsent").inc()
                self._raw_transport.abort()
                return
            again = now + self._limits.send_timeout / STALL_CHECKS
        if self._closing:
            if now >= self._lingers_until:
                self._lingers_until = math.inf
                self._raw_transport.close()
            self._arm(min(again, self._lingers_until))
            return
        if self._since and not self._in_head and self._is_ours():
            self._since = now
        if now >= self._late_at():
            self._late()
        elif self in self._idle:
            if now >= self._idle_since + self._limits.idle_timeout:
                self._end("idle")
                return
            again = min(again, self._idle_since + self._limits.idle_timeout)
        self._arm(min(again, self._late_at()))

    def _stalled(self) -> int:
        """Bytes that wait for the client. 0 if bytes may have been added since the last count."""
        quiet = self._closing or self.flow.write_paused or not self._is_busy()
        buffered = self._raw_transport.get_write_buffer_size() if quiet else 0
        if not buffered:
            self._unsent = 0
            return 0
        return buffered + _in_system(self._raw_transport)

    def _is_ours(self) -> bool:
        """True if the body is delayed on our side: we have not requested it, or reading is paused."""
        return self.flow.read_paused or (self.cycle.waiting_for_100_continue and not self.cycle.response_started)

    def _late(self) -> None:
        """Refuse a head or body that did not come in time."""
        if self._in_head:
            self._refuse(RequestTimeout(f"the request head must arrive within {self._limits.head_timeout:g} s"))
        else:
            self._refuse(RequestTimeout("the body did not arrive in time"))


def _full_feeds() -> ASGIApp:
    """Make the response to one feed too many of a client address. After a refusal a browser would not reconnect."""
    metrics.FEED_TURNED_AWAY.labels("full").inc()
    return response(feed_retry.reply("full"))


def _in_system(transport: asyncio.Transport) -> int:
    """Bytes in the send buffer of the system: perhaps megabytes, for which a slow client takes minutes."""
    count = bytearray(4)
    try:
        fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, count)
    except OSError:  # not every system supports this
        return 0
    return int.from_bytes(count, sys.byteorder)
