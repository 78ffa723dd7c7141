"""Slot map of a cluster, merged from the reports of its nodes. Pure.

Nodes may disagree while the cluster changes. The rule is that of the nodes themselves: of two that claim a slot, the
one with the greater configuration epoch has it.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from core.partitions import SLOTS, slot
from core.redis.address import place

_TAGS: Final = 4096
"""Hash tags in the cache: more than a deployment has partitions."""


class SlotMap(NamedTuple):
    """Owner of each slot. Nodes are named `host:port`."""

    owners: list[str | None]
    """Node by slot; None if the slot is not served."""
    known: frozenset[str]
    """All reported nodes, replicas too."""
    dead: frozenset[str]
    """Nodes without slots that others report as failed."""


def slot_of(key: str) -> int:
    """Slot of a key: that of its hash tag, if the key has one."""
    start = key.find("{")
    end = key.find("}", start + 1) if start >= 0 else -1
    return _slot(key[start + 1 : end] if end > start + 1 else key)


@lru_cache(_TAGS)
def _slot(tag: str) -> int:
    return slot(tag)


def merged(reports: Iterable[tuple[str, Mapping[str, Mapping[str, Any]]]]) -> SlotMap:
    """Merge reports of several nodes. A report is the node's name, and its CLUSTER NODES as redis-py parses it."""
    claims: list[tuple[int, int, int, str]] = []
    known: set[str] = set()
    dead: set[str] = set()
    for reporter, report in reports:
        for address, node in report.items():
            flags = str(node["flags"]).split(",")
            name = reporter if "myself" in flags else _name(address, str(node["hostname"]))
            if "noaddr" in flags or "handshake" in flags:
                continue
            known.add(name)
            if "fail" in flags:
                dead.add(name)
            epoch = int(node["epoch"])
            claims += [(epoch, int(numbers[0]), int(numbers[-1]), name) for numbers in node["slots"]]
    owners: list[str | None] = [None] * SLOTS
    for _, start, end, name in sorted(claims):
        owners[start : end + 1] = [name] * (end + 1 - start)
    return SlotMap(owners, frozenset(known), frozenset(dead - {name for name in owners if name is not None}))


def _name(address: str, hostname: str) -> str:
    host, _, port = address.rpartition(":")
    # The certificate of a node is issued for the hostname that the node announces.
    return place(hostname or host.strip("[]"), port)
