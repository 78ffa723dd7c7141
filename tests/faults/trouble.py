"""What a fault has in hand: the stage, the load that goes on, dice, and the moment when it struck."""

import random
from collections.abc import Callable, Iterable
from typing import TypeVar, TypeVarTuple

import anyio
from anyio.to_thread import run_sync

from core.partitions import partition_of
from tests.faults.load import Load
from tests.faults.people import SITE
from tests.faults.record import now
from tests.faults.stage import PARTITIONS, Stage
from tests.support.clusters import Node

_Answer = TypeVar("_Answer")
_Arguments = TypeVarTuple("_Arguments")

IN_HAND: float = 60.0
"""Seconds after which what a fault waits for will not come."""


class Trouble:
    """One round's trouble."""

    def __init__(self, stage: Stage, load: Load, threads: tuple[str, ...], dice: random.Random) -> None:
        self.stage = stage
        self.load = load
        self.threads = threads
        self.dice = dice
        self.begun = 0.0
        """When it struck, by the clock of the record."""
        self.is_on = anyio.Event()
        self.struck = frozenset(threads)
        """The threads that have to be written to again before the fault counts as over."""

    def strike(self, threads: Iterable[str] | None = None) -> None:
        """From now on these threads (all of them) should come back: a fault says so once.

        That is when it happens, or, where somebody has to put it right, when that was done.
        """
        assert not self.is_on.is_set(), "it strikes once"
        self.begun = now()
        if threads is not None:
            self.struck = frozenset(threads)
        self.is_on.set()

    async def some_acknowledged(self, least: int = 5, most: int = 40) -> None:
        """Let so many writes through before going on; it goes on, too, where none gets through."""
        with anyio.move_on_after(IN_HAND):
            await self.load.acknowledged(self.dice.randint(least, most))

    async def some_taken(self, least: int = 5, most: int = 40) -> None:
        """Let so many writes be taken, confirmed or not."""
        with anyio.move_on_after(IN_HAND):
            await self.load.taken(self.dice.randint(least, most))

    async def lasting(self, least: float, most: float) -> None:
        """Let it last: how long a fault goes on is part of what it is."""
        await anyio.sleep(self.dice.uniform(least, most))

    def a_primary(self) -> tuple[Node, frozenset[str]]:
        """A node that threads of the load are written to, and those threads."""
        nodes = {thread: self.stage.primary_of(thread) for thread in self.threads}
        node = nodes[self.dice.choice(self.threads)]
        return node, frozenset(thread for thread, other in nodes.items() if other is node)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds. Raises TimeoutError where it never does."""
        with anyio.fail_after(IN_HAND):
            while not await run_sync(holds):
                await anyio.sleep(0.02)


async def blocking(act: Callable[[*_Arguments], _Answer], *arguments: *_Arguments) -> _Answer:
    """Do what blocks in a thread, so that the load goes on."""
    return await run_sync(act, *arguments)


def partitions_of(threads: Iterable[str]) -> frozenset[int]:
    """The partitions that threads lie in."""
    return frozenset(partition_of(SITE, thread, PARTITIONS) for thread in threads)
