"""Notifications of new events and commits by pub/sub, in place of constant polling.

Every append and every commit publishes on a channel of its partition. A message means "poll now": each waiter polls by
itself, from its own position. Any payload is only a hint at what to read, and no waiter may rely on it. One connection
per server listens for all waiters in this process, on the channels of the slots that the server serves. After a lost
connection or a moved slot, the new subscription wakes all waiters.

A waiter also polls without a message. A message can only be lost with its connection, which is probed
(`core.redis.subscriber`). So while the server has confirmed the channels of a subscription, its waiter polls after
POLL_SELDOM, and otherwise after POLL_EVERY: with 64 partitions, one poll per second in each is most of the work of an
idle process.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import anyio
from anyio import TASK_STATUS_IGNORED, Event
from anyio.abc import TaskStatus

from core.redis.node import Node
from core.redis.slots import slot_of
from core.redis.subscriber import Listener
from core.redis.topology import REFRESH_PAUSE, Topology

POLL_EVERY: Final = 1.0
"""Seconds after which a waiter polls without a message, while its subscription may miss one."""
POLL_SELDOM: Final = 15.0
"""Seconds after which a waiter polls without a message, while its channels are confirmed."""
MOST_PAYLOADS: Final = 16
"""Payloads kept for a waiter that has yet to read them."""


class Subscription:
    """One waiter's subscription. A message between two waits ends the second at once: poll, then wait, then poll."""

    def __init__(self, confirmed: Callable[[], bool] = bool) -> None:
        """Make a subscription. `confirmed` returns True while no message on its channels can be missed."""
        self._confirmed = confirmed
        self._event = Event()
        self._payloads: list[bytes] = []

    @property
    def patience(self) -> float:
        """Maximum seconds to wait before polling without a message."""
        return POLL_SELDOM if self._confirmed() else POLL_EVERY

    def notify(self, payload: bytes = b"") -> None:
        """Wake the waiter. The payload may tell what to read."""
        if payload and len(self._payloads) < MOST_PAYLOADS:
            self._payloads.append(payload)
        self._event.set()

    def payloads(self) -> list[bytes]:
        """Payloads since the last call, at most `MOST_PAYLOADS`."""
        payloads, self._payloads = self._payloads, []
        return payloads

    def clear(self) -> None:
        """Clear the wake-up: the waiter is about to poll."""
        if self._event.is_set():
            self._event = Event()

    async def wait(self, at_most: float | None = None) -> bool:
        """Wait for a message, for `at_most` seconds or `patience`. True if one came."""
        if not self._event.is_set():
            with anyio.move_on_after(self.patience if at_most is None else at_most):
                await self._event.wait()
        is_notified = self._event.is_set()
        self._event = Event()
        return is_notified


class PubSub:
    """Subscriptions of a process, by channel. Messages need `run`; without it, each waiter polls once a second."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._subscriptions: dict[bytes, set[Subscription]] = {}
        self._listeners: dict[Node, Listener] = {}
        self._changed = Event()

    @contextmanager
    def on(self, *channels: str) -> Iterator[Subscription]:
        """Subscribe to these channels until the block ends."""
        names = {channel.encode() for channel in channels}
        subscription = Subscription(lambda: self._confirmed(names))
        for name in names:
            if name not in self._subscriptions:
                self._subscriptions[name] = set()
                self._changed.set()
            self._subscriptions[name].add(subscription)
        try:
            yield subscription
        finally:
            for name in names:
                self._subscriptions[name].discard(subscription)
                if not self._subscriptions[name]:
                    del self._subscriptions[name]
                    self._changed.set()

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Listen for all waiters until cancelled. Also refreshes a doubtful slot map, so that no command has to."""
        listeners = self._listeners
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._refresh)
            tasks.start_soon(self._follow)
            task_status.started()
            while True:
                self._changed = Event()
                wanted = self._wanted()
                for node in listeners.keys() - wanted.keys():
                    listeners.pop(node).end()
                for node, names in wanted.items():
                    if node not in listeners:
                        listeners[node] = self._listener(node)
                        tasks.start_soon(listeners[node].run)
                    listeners[node].want(names)
                await self._changed.wait()

    async def _refresh(self) -> None:
        while True:
            await self._topology.doubted.wait()
            await self._topology.refresh()
            await anyio.sleep(REFRESH_PAUSE)

    async def _follow(self) -> None:
        while True:
            await self._topology.changed.wait()
            self._changed.set()

    def _wanted(self) -> dict[Node, set[bytes]]:
        """Subscribed channels, by the node that serves their slot."""
        only = self._topology.only
        if only is not None:
            return {only: set(self._subscriptions)}
        wanted: dict[Node, set[bytes]] = {node: set() for node in self._topology.primaries()}
        for name in self._subscriptions:
            wanted[self._topology.of(slot_of(name.decode()))].add(name)
        return wanted

    def _confirmed(self, names: set[bytes]) -> bool:
        """True if the servers have confirmed the subscription to each of these channels."""
        return all(any(name in listener.confirmed for listener in self._listeners.values()) for name in names)

    def _listener(self, node: Node) -> Listener:
        return Listener(node, notify=self._notify, moved=self._topology.redirected, lost=self._topology.doubt)

    def _notify(self, name: bytes, payload: bytes) -> None:
        for subscription in self._subscriptions.get(name, ()):
            subscription.notify(payload)
