"""Being told that there may be something new, instead of asking all the time.

Every append and every commit publishes on a channel of its partition. A message says "look": each waiter looks by
itself, from the position where it stands. Further content only helps a waiter to ask the right thing at once, and no
waiter may rely on it. One connection a server listens for all waiters in this process, on the channels of the slots
that the server serves; where it was lost, or a slot has moved, listening again wakes all waiters.

A waiter also looks without a message. A message can only get lost with its connection, which is probed
(`core.redis.subscriber`). So while the server has confirmed the subscriptions of a bell, its waiter looks after
LOOK_SELDOM, and otherwise after LOOK_EVERY: with 64 partitions, a look a second in each is most of what an idle process
would do.
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
from core.redis.topology import LOOK_PAUSE, Topology

LOOK_EVERY: Final = 1.0
"""Seconds after which a waiter looks without being woken, while its bell may miss a message."""
LOOK_SELDOM: Final = 15.0
"""Seconds after which a waiter looks without being woken, while its subscriptions are confirmed."""
MOST_HEARD: Final = 16
"""So many messages are kept for a waiter who has yet to ask what they said."""


class Subscription:
    """One waiter's bell. What happens between two waits lets the second return at once: look, then wait, then look."""

    def __init__(self, confirmed: Callable[[], bool] = bool) -> None:
        """`confirmed` tells whether every message for this bell is heard now."""
        self._confirmed = confirmed
        self._event = Event()
        self._heard: list[bytes] = []

    @property
    def patience(self) -> float:
        """Seconds to wait at most before looking without being woken."""
        return LOOK_SELDOM if self._confirmed() else LOOK_EVERY

    def ring(self, words: bytes = b"") -> None:
        """Let the waiter look; perhaps these words tell at what."""
        if words and len(self._heard) < MOST_HEARD:
            self._heard.append(words)
        self._event.set()

    def heard(self) -> list[bytes]:
        """What was said since this was asked last, as far as it was kept."""
        heard, self._heard = self._heard, []
        return heard

    def hush(self) -> None:
        """Forget that it rang: the waiter is about to look."""
        if self._event.is_set():
            self._event = Event()

    async def wait(self, at_most: float | None = None) -> bool:
        """Wait until it rings, `at_most` so many seconds, or `patience`. Returns whether it rang."""
        if not self._event.is_set():
            with anyio.move_on_after(self.patience if at_most is None else at_most):
                await self._event.wait()
        rang = self._event.is_set()
        self._event = Event()
        return rang


class PubSub:
    """The bells of a process, by channel. They ring while `run` runs; without it, waiting is looking once a second."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._bells: dict[bytes, set[Subscription]] = {}
        self._listeners: dict[Node, Listener] = {}
        self._changed = Event()

    @contextmanager
    def on(self, *channels: str) -> Iterator[Subscription]:
        """A bell that rings for these channels, until the block ends."""
        names = {channel.encode() for channel in channels}
        bell = Subscription(lambda: self._confirmed(names))
        for name in names:
            if name not in self._bells:
                self._bells[name] = set()
                self._changed.set()
            self._bells[name].add(bell)
        try:
            yield bell
        finally:
            for name in names:
                self._bells[name].discard(bell)
                if not self._bells[name]:
                    del self._bells[name]
                    self._changed.set()

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Listen for everybody, for ever. Looks also where the map of the nodes is in doubt, so that no call has to."""
        listeners = self._listeners
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._look)
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

    async def _look(self) -> None:
        while True:
            await self._topology.doubted.wait()
            await self._topology.look()
            await anyio.sleep(LOOK_PAUSE)

    async def _follow(self) -> None:
        while True:
            await self._topology.changed.wait()
            self._changed.set()

    def _wanted(self) -> dict[Node, set[bytes]]:
        """The channels that are waited for, by the node that their slot is served by."""
        only = self._topology.only
        if only is not None:
            return {only: set(self._bells)}
        wanted: dict[Node, set[bytes]] = {node: set() for node in self._topology.primaries()}
        for name in self._bells:
            wanted[self._topology.of(slot_of(name.decode()))].add(name)
        return wanted

    def _confirmed(self, names: set[bytes]) -> bool:
        """True where the servers have confirmed the subscription to each of these channels."""
        return all(any(name in listener.confirmed for listener in self._listeners.values()) for name in names)

    def _listener(self, node: Node) -> Listener:
        return Listener(node, ring=self._ring, moved=self._topology.redirected, lost=self._topology.doubt)

    def _ring(self, name: bytes, words: bytes) -> None:
        for bell in self._bells.get(name, ()):
            bell.ring(words)
