"""The open connections of one listener: their number, the idle ones, and the counts per client address."""

from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol
from weakref import WeakSet

import structlog

from workers.gateway.http.client_address import ClientAddress
from workers.runtime import metrics
from workers.runtime.limits import Limits, share

NEAR: Final = 0.9
"""Fraction of the limit from which on a warning is logged."""
CALM: Final = 0.8
"""Fraction of the limit at which the warning is armed again."""

_log = structlog.get_logger(__name__)


class Closable(Protocol):
    """A connection that can be closed to make room."""

    def close_idle(self, cause: str) -> None:
        """Close the connection, on which no request is under way."""


class Connections:
    """The shared state of the connections of one listener. Idle connections are ordered, the longest idle first."""

    def __init__(self, limits: Limits, *, files: int, addresses: ClientAddress | None = None) -> None:
        """`files` is the limit of open files of this process."""
        self.limits = limits
        self.addresses = addresses or ClientAddress(limits.trusted_proxies)
        self.most = limits.connections(files)
        self.per_address = limits.max_connections_per_address or share(self.most)
        self.open = 0
        self.idle: dict[Closable, None] = {}
        self.draining = False
        """True once the listener accepts no more, so that connections accepted before are closed."""
        self.on_room: Callable[[], None] | None = None
        """Called once when a connection closes or becomes idle, for a listener that waits for room."""
        self._near = False
        self._by_peer: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()
        self._feeds: Counter[str] = Counter()
        _ALL.add(self)
        if limits.max_connections > self.most:
            _log.warning("connection_limit_lowered", wanted=limits.max_connections, most=self.most, files=files)

    def is_full(self) -> bool:
        """True if another connection is one too many."""
        if not self._near and self.open >= self.most * NEAR:
            self._near = True
            _log.warning("connection_limit_approached", open=self.open, idle=len(self.idle), most=self.most)
        return self.open >= self.most

    def close_longest_idle(self) -> bool:
        """Close the connection that has been idle for the longest time. True if there was one."""
        longest = next(iter(self.idle), None)
        if longest is None:
            return False
        del self.idle[longest]
        longest.close_idle("room")
        return True

    def accepted(self) -> None:
        """Count a connection."""
        self.open += 1

    def lost_early(self) -> None:
        """Stop counting a connection that was lost before it was set up."""
        self.open -= 1
        self.notify_room()

    def opened(self, peer: str | None) -> int:
        """Count a connection for its peer. Returns the number of connections of that peer."""
        if peer is None:
            return 0
        self._by_peer[peer] += 1
        return self._by_peer[peer]

    def closed(self, connection: Closable, peer: str | None) -> None:
        """Stop counting a connection."""
        self.open -= 1
        self.idle.pop(connection, None)
        if peer is not None:
            _less(self._by_peer, peer)
        if self._near and self.open <= self.most * CALM:
            self._near = False
        self.notify_room()

    def enter(self, address: str, *, feed: bool) -> bool:
        """Count a request of a client address until `leave`. False if the share of the address is exhausted."""
        counted, most = (
            (self._feeds, self.per_address) if feed else (self._requests, self.limits.max_requests_per_address)
        )
        if counted[address] >= most:  # a Counter returns 0 for a missing key without adding it
            metrics.SHARES_EXHAUSTED.labels("address").inc()
            return False
        counted[address] += 1
        return True

    def leave(self, address: str, *, feed: bool) -> None:
        """Stop counting the request."""
        _less(self._feeds if feed else self._requests, address)

    def notify_room(self) -> None:
        """Notify a listener that waits for room, once, that a connection closed or became idle."""
        if self.on_room is not None:
            notify, self.on_room = self.on_room, None
            notify()


def _less(counted: Counter[str], key: str) -> None:
    counted[key] -= 1
    if counted[key] <= 0:
        del counted[key]


_ALL: Final[WeakSet[Connections]] = WeakSet()

metrics.CONNECTIONS.set_function(lambda: sum(one.open for one in _ALL))
metrics.IDLE_CONNECTIONS.set_function(lambda: sum(len(one.idle) for one in _ALL))
metrics.CONNECTION_LIMIT.set_function(lambda: sum(one.most for one in _ALL))
