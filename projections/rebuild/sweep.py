"""Removal of unused views, some hundred keys at a time, while readers and writers continue."""

from functools import partial
from typing import Final

from core.keys import FIRST_GENERATION, Keys, Partition
from core.redis.errors import retry
from core.redis.router import Router
from core.redis.script import Script
from core.throttle import Pace

SWEEP: Final = Script("projections.rebuild", "sweep")

PAGE: Final = 500
"""Keys scanned per step, and maximum number of keys removed per step."""


async def sweep(calls: Router, reads: Router, keys: Keys, pace: Pace) -> int:
    """Delete every key of a generation that is neither served nor listed. Returns the number of keys deleted.

    Scans each server once. Raises `core.refusals.Unavailable`.
    """
    gone = 0
    for server in reads.each():
        cursor = b"0"
        while True:
            cursor, page = await retry(partial(server.call, "SCAN", cursor, "COUNT", PAGE), "sweep")
            found: dict[tuple[Partition, int], list[str]] = {}
            for name in page:
                key = name.decode(errors="replace")
                whose = keys.viewed(key)
                if whose is not None:
                    found.setdefault(whose, []).append(key)
            for (partition, generation), names in found.items():
                gone += await _swept(calls, partition, generation, names)
            await pace.rest()
            if cursor == b"0":
                break
    return gone


async def _swept(calls: Router, partition: Partition, generation: int, names: list[str]) -> int:
    keys = [partition.generation, partition.generations, *names]
    arguments = [generation, FIRST_GENERATION]
    return int(await retry(lambda: calls.run(SWEEP, keys, arguments), "sweep"))
