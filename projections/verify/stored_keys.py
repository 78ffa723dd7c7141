"""Existing keys of a partition, stored by thread, because a deployment has many more keys than threads."""

from collections.abc import Iterator
from typing import Final

from core.keys import Partition, ThreadViews
from projections.verify.difference import Name

_BITS: Final = {view: 1 << at for at, view in enumerate(ThreadViews._fields)}


class StoredKeys:
    """The keys of one generation of views, and of snapshots."""

    def __init__(self, keys: Partition, generation: int) -> None:
        self.snapshots: set[Name] = set()
        """Threads that have snapshots."""
        self.others: set[str] = set()
        """Keys that are not of one thread."""
        self._keys = keys
        self._generation = generation
        self._threads: dict[Name, int] = {}

    def add(self, key: str) -> None:
        """Add a key that has the prefix of these views, or of snapshots."""
        snapshots = self._keys.snapshots_prefix()
        if key.startswith(snapshots):
            site, _, thread = key.removeprefix(snapshots).partition("/")
            self.snapshots.add((site, thread))
            return
        name, _, view = key.removeprefix(f"{self._keys.views_prefix(self._generation)}thread:").rpartition(":")
        site, _, thread = name.partition("/")
        if view in _BITS and getattr(self._keys.thread_views(self._generation, site, thread), view) == key:
            self._threads[site, thread] = self._threads.get((site, thread), 0) | _BITS[view]
        else:
            self.others.add(key)

    def by_thread(self) -> Iterator[tuple[Name, list[str]]]:
        """Every thread that has keys, with their names."""
        for name in {**self._threads, **dict.fromkeys(self.snapshots)}:
            there = self._threads.get(name, 0)
            views = self._keys.thread_views(self._generation, *name)._asdict()
            keys = [key for view, key in views.items() if there & _BITS[view]]
            yield name, keys + ([self._keys.snapshots(*name)] if name in self.snapshots else [])
