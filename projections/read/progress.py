"""Positions of the views, and waiting for a position."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple

import anyio

from core.concurrency import gathered
from core.heads import LAST
from core.keys import Partition
from core.log import wire
from core.position import Position, kept
from core.redis.pubsub import POLL_EVERY
from projections.read.queries import ViewState
from projections.read.served_generation import CommandParts, PartitionCommands, Served
from projections.views import parking
from projections.views.parking import Parked
from projections.views.pointer import Pointer


class ViewPosition(NamedTuple):
    """The cursor of a partition's views, and the parked record of one of its threads, if it is parked."""

    cursor: Position
    parked: Parked | None

    def includes(self, position: Position) -> bool:
        """True if the views of the thread include this event."""
        return self.cursor >= position and not self.lacks(position)

    def lacks(self, position: Position) -> bool:
        """True if the event will not reach the views of the thread, because the thread is parked at or before it."""
        return self.parked is not None and self.parked.position <= position


class ThreadProgress(NamedTuple):
    """The served views of a thread, and the last event of its log; None if it has none."""

    pointer: Pointer
    last: Position | None


async def cursor(served: Served, partition: Partition) -> Position:
    """The last event applied to the views of a partition."""
    reply = await served.commands(partition, lambda g: [("GET", partition.cursor(g))])
    return kept(reply.parts[0])


async def cursors(served: Served, partitions: Sequence[Partition]) -> list[Position]:
    """`cursor` of several partitions, in one round trip."""
    replies = await served.commands_of([PartitionCommands(one, partial(_cursor, one)) for one in partitions])
    return [kept(reply.parts[0]) for reply in replies]


def _cursor(partition: Partition, generation: int) -> Sequence[CommandParts]:
    return [("GET", partition.cursor(generation))]


async def view_position(served: Served, site: str, thread: str) -> ViewPosition:
    """The view position of a thread."""
    partition = served.keys.of(site, thread)
    name = parking.field(site, thread)
    # Read the cursor first: it is then not beyond an event whose thread was found not to be parked.
    reply = await served.commands(
        partition, lambda g: [("GET", partition.cursor(g)), ("HGET", partition.parked(g), name)]
    )
    cursor, parked = reply.parts
    return ViewPosition(kept(cursor), None if parked is None else parking.decode(parked))


async def states(served: Served, partitions: Sequence[int]) -> list[ViewState]:
    """The view states of partitions, read in one round trip."""
    queries = [PartitionCommands(served.keys[number], partial(_cursor, served.keys[number])) for number in partitions]
    replies = await served.commands_of(queries)
    return [
        ViewState(number, reply.pointer, kept(reply.parts[0]))
        for number, reply in zip(partitions, replies, strict=True)
    ]


async def thread_state(served: Served, site: str, thread: str) -> ThreadProgress:
    """The served views of a thread and the end of its log, read in one round trip."""
    partition = served.keys.of(site, thread)
    heads = partition.heads(site, thread)
    (reply,) = await served.commands_of([PartitionCommands(partition, lambda _: [("HGET", heads, LAST)])])
    return ThreadProgress(reply.pointer, wire.head(reply.parts[0]).position)


async def reached(served: Served, site: str, thread: str, position: Position, *, within: float) -> bool:
    """True if the views of the thread include `position`, now or within `within` seconds.

    False without waiting if the thread is parked at or before `position`.
    """

    async def check() -> bool | None:
        now = await view_position(served, site, thread)
        return True if now.includes(position) else False if now.lacks(position) else None

    return await _wait(served, served.keys.of(site, thread), check, within)


async def passed(served: Served, site: str, thread: str, position: Position, *, within: float) -> bool:
    """True if the cursor reached `position`, even if the views lack the event; waits as `reached` does."""

    async def check() -> bool | None:
        return (await view_position(served, site, thread)).cursor >= position or None

    return await _wait(served, served.keys.of(site, thread), check, within)


async def all_passed(served: Served, ends: Sequence[tuple[Partition, Position]], *, within: float) -> bool:
    """True if the cursors of these partitions reach these positions, now or within `within` seconds."""

    async def one(partition: Partition, end: Position) -> bool:
        async def check() -> bool | None:
            return await cursor(served, partition) >= end or None

        return await _wait(served, partition, check, within)

    return all(await gathered([partial(one, *end) for end in ends]))


async def _wait(
    served: Served, partition: Partition, check: Callable[[], Awaitable[bool | None]], within: float
) -> bool:
    """The first result of `check` that is not None; False after `within` seconds.

    A commit publishes a notification. In case it is lost, `check` is also called every `POLL_EVERY` seconds.
    """
    if (result := await check()) is not None:
        return result
    deadline = anyio.current_time() + within
    with served.pubsub.on(partition.view_channel) as subscription:
        # A commit before the subscription notified no subscriber: check first, then wait.
        while (result := await check()) is None:
            left = deadline - anyio.current_time()
            if left <= 0:
                return False
            await subscription.wait(min(left, POLL_EVERY))
    return result
