"""Which processor cores what is measured has to itself, where the system lets a process choose."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Cores(NamedTuple):
    """`own` is the one core of what is measured, `rest` are those of everything else; empty where nothing is pinned."""

    own: frozenset[int]
    rest: frozenset[int]

    @property
    def told(self) -> str:
        """What was done, in a line."""
        if not self.own:
            return "nothing is pinned: this system lets no process choose its core, or has only one core"
        own, rest = (", ".join(map(str, sorted(cores))) for cores in self)
        return f"the measured process has core {own} to itself; servers, projector and clients share core {rest}"


def split() -> Cores:
    """The cores of this machine, shared out. Nothing is pinned where there is one core alone, or no way to."""
    there = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(there) < 2:
        return Cores(frozenset(), frozenset())
    return Cores(frozenset(there[:1]), frozenset(there[1:]))


@contextmanager
def on(cores: frozenset[int]) -> Iterator[None]:
    """Run this thread, and the processes that it starts, on these cores for the block; without cores, as it was."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
