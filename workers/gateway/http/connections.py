"""The open connections of one listener: how many there are, which of them are idle, what each client address has."""

from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol
from weakref import WeakSet

import structlog

from workers.gateway.http.client_address import ClientAddress
from workers.runtime import metrics
from workers.runtime.limits import Limits, share

NEAR: Final = 0.9
"""Part of the limit from which on it is said that the connections are near it."""
CALM: Final = 0.8
"""Part of the limit below which that episode is over."""

_log = structlog.get_logger(__name__)


class Closable(Protocol):
    """A connection, as far as it can be closed to make room."""

    def close_idle(self, cause: str) -> None:
        """Close it: no request is under way on it."""


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
        """True where another connection is one too many."""
        if not self._near and self.open >= self.most * NEAR:
            self._near = True
            _log.warning("connection_limit_approached", open=self.open, idle=len(self.idle), most=self.most)
        return self.open >= self.most

    def close_longest_idle(self) -> bool:
        """Close the connection that has been idle for the longest time; whether there was one."""
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
        self.tell_room()

    def opened(self, peer: str | None) -> int:
        """Count a connection for its peer; how many that peer has now."""
        if peer is None:
            return 0
        self._by_peer[peer] += 1
        return self._by_peer[peer]

    def closed(self, connection: Closable, peer: str | None) -> None:
        """Count it no longer."""
        self.open -= 1
        self.idle.pop(connection, None)
        if peer is not None:
            _less(self._by_peer, peer)
        if self._near and self.open <= self.most * CALM:
            self._near = False
        self.tell_room()

    def enter(self, address: str, *, feed: bool) -> bool:
        """Count a request of a client address as under way, until `leave`; False where it has its share already."""
        counted, most = (
            (self._feeds, self.per_address) if feed else (self._requests, self.limits.max_requests_per_address)
        )
        if counted[address] >= most:  # a Counter answers 0 for a key that it has not, and keeps none
            metrics.SHARES_EXHAUSTED.labels("address").inc()
            return False
        counted[address] += 1
        return True

    def leave(self, address: str, *, feed: bool) -> None:
        """Count the request no longer."""
        _less(self._feeds if feed else self._requests, address)

    def tell_room(self) -> None:
        """Tell a listener that waits for room, once, that a connection closed or became idle."""
        if self.on_room is not None:
            tell, self.on_room = self.on_room, None
            tell()


def _less(counted: Counter[str], key: str) -> None:
    counted[key] -= 1
    if counted[key] <= 0:
        del counted[key]


_ALL: Final[WeakSet[Connections]] = WeakSet()

metrics.CONNECTIONS.set_function(lambda: sum(one.open for one in _ALL))
metrics.IDLE_CONNECTIONS.set_function(lambda: sum(len(one.idle) for one in _ALL))
metrics.CONNECTION_LIMIT.set_function(lambda: sum(one.most for one in _ALL))
