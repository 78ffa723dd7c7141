"""A log in memory brought into Redis, entry by entry as it is."""

from typing import Final

from core.keys import Keys
from core.log.memory import MemoryLog
from core.log.port import Entry
from core.log.restore import Restored, write_again
from core.position import START
from core.redis.deployment import Deployment
from tests.support.servers import client

PARTITIONS: Final = 64
"""As many as a deployment has where nobody says."""
_AT_ONCE: Final = 1000
_RESTORED_AT_ONCE: Final = 500


async def entries_of(log: MemoryLog) -> list[list[Entry]]:
    """Everything in a log, by partition."""
    return [await log.read(partition, START, limit=1_000_000_000) for partition in range(log.partitions)]


def write(url: str, entries: list[list[Entry]]) -> None:
    """Make these the log of the server at `url`, which is emptied first; there are no heads and no views then."""
    keys = Keys(len(entries))
    with client(url) as connection:
        connection.flushall()
        for partition, some in zip(keys, entries, strict=True):
            for start in range(0, len(some), _AT_ONCE):
                pipeline = connection.pipeline(transaction=False)
                for position, e, c in some[start : start + _AT_ONCE]:
                    pipeline.xadd(partition.log, {"e": e, "c": c}, id=str(position))
                pipeline.execute()


async def restore(deployment: Deployment, entries: list[list[Entry]]) -> int:
    """Append these to an empty deployment as a restore does, with heads; how many there are."""
    for partition, some in enumerate(entries):
        at = START
        for begin in range(0, len(some), _RESTORED_AT_ONCE):
            part = some[begin : begin + _RESTORED_AT_ONCE]
            assert await write_again(deployment, partition, at, part) == Restored()
            at = part[-1].position
    return sum(map(len, entries))
