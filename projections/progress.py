"""How far the views have come, and waiting until they have come far enough."""

import anyio

from core.keys import Partition
from core.position import Position, kept
from core.redis.wakes import LOOK_EVERY
from projections.queries import Seen
from projections.served import Served


async def cursor(served: Served, partition: Partition) -> Position:
    """The last event that the views of a partition have taken in."""
    reply = await served.commands(partition, lambda g: [("GET", partition.cursor(g))])
    return kept(reply.parts[0])


async def seen(served: Served, partition: int) -> Seen:
    """The state that the views of a partition are in."""
    keys = served.keys[partition]
    reply = await served.commands(keys, lambda g: [("GET", keys.cursor(g))])
    return Seen(partition, reply.pointer, kept(reply.parts[0]))


async def reached(served: Served, site: str, thread: str, position: Position, *, within: float) -> bool:
    """Whether the views of this thread's partition include `position`, now or after at most `within` seconds.

    A commit rings a bell; in case nobody heard it, the cursor is also looked at once in a while.
    """
    partition = served.keys.of(site, thread)
    if await cursor(served, partition) >= position:
        return True
    deadline = anyio.current_time() + within
    with served.wakes.on(partition.view_channel) as bell:
        # What was committed before the bell hung rang for nobody: so look first, and wait then.
        while await cursor(served, partition) < position:
            left = deadline - anyio.current_time()
            if left <= 0:
                return False
            await bell.wait(min(left, LOOK_EVERY))
    return True
