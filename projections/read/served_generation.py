"""Reads from the served generation of views.

The keys of a view contain its generation, and a pointer per partition names the served one. A request uses the keys of
the last known pointer, and is repeated if the pointer has moved.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

from core.concurrency import gathered
from core.keys import Keys, Partition, ThreadViews
from core.redis.command import Argument, RedisCommand
from core.redis.deployment import Deployment
from core.redis.errors import PATIENCE, retry
from core.redis.script import Script
from core.refusals import Unavailable
from projections.views.pointer import FIRST, Pointer

_MOVES: Final = 5
"""Maximum pointer changes during one request. A pointer changes once per rebuild or repaired thread."""

CommandParts = tuple[Argument, ...]


class PartitionCommands(NamedTuple):
    """Plain commands on one partition, built from the served generation."""

    partition: Partition
    commands: Callable[[int], Sequence[CommandParts]]


class ServedReply(NamedTuple):
    """The reply of the views that this pointer names."""

    pointer: Pointer
    parts: list[Any]


class Served:
    """Client for the served views of a deployment. Raises `Unavailable` after `patience` seconds without a reply."""

    def __init__(self, deployment: Deployment, *, patience: float = PATIENCE) -> None:
        self.keys: Keys = deployment.keys
        self.pubsub = deployment.pubsub
        self.calls = deployment.calls
        """Router for short, urgent requests."""
        self._reads = deployment.reads
        self._pointers = [FIRST] * self.keys.partitions
        self._patience = patience

    def pointer(self, partition: Partition) -> Pointer:
        """The last known pointer of a partition. A request that uses the pointer verifies it."""
        return self._pointers[partition.number]

    async def thread(
        self,
        script: Script,
        site: str,
        thread: str,
        keys: Callable[[ThreadViews], Sequence[str]],
        arguments: Sequence[Argument],
    ) -> ServedReply:
        """The reply of a script about one thread: KEYS are the pointer and `keys`, the first ARGV the pointer."""
        partition = self.keys.of(site, thread)

        def named(generation: int) -> Sequence[str]:
            return keys(partition.thread_views(generation, site, thread))

        return await self.partition(script, partition, named, arguments)

    async def partition(
        self,
        script: Script,
        partition: Partition,
        keys: Callable[[int], Sequence[str]],
        arguments: Sequence[Argument],
        *,
        once: bool = False,
    ) -> ServedReply:
        """The reply of a script about one partition; KEYS and ARGV as for `thread`.

        With `once` a failed request is not retried: it raises `redis.exceptions.RedisError`.
        """

        async def ask(pointer: Pointer) -> list[Any]:
            named = [partition.generation, *keys(pointer.generation)]
            given = [str(pointer), *arguments]
            if once:
                found: list[Any] = await self._reads.run(script, named, given)
                return found
            return await retry(lambda: self._reads.run(script, named, given), script.name, patience=self._patience)

        return await self._served(partition, ask)

    async def commands(self, partition: Partition, commands: Callable[[int], Sequence[CommandParts]]) -> ServedReply:
        """The replies of plain commands on one partition: one pipeline, but not of one moment."""

        async def ask(pointer: Pointer) -> list[Any]:
            wanted: list[CommandParts] = [("GET", partition.generation), *commands(pointer.generation)]
            return await gathered([self._call(command) for command in wanted])

        return await self._served(partition, ask)

    async def commands_of(self, queries: Sequence[PartitionCommands]) -> list[ServedReply]:
        """The replies of plain commands on several partitions: one pipeline per node, but not of one moment."""
        replies: dict[int, ServedReply] = {}
        pending = list(range(len(queries)))
        for _ in range(_MOVES):
            if not pending:
                break
            pointers = {at: self._pointers[queries[at].partition.number] for at in pending}
            wanted = {at: queries[at].commands(pointers[at].generation) for at in pending}
            flat = [command for at in pending for command in (("GET", queries[at].partition.generation), *wanted[at])]
            found = iter(await self._all(flat))
            for at in pending:
                served = Pointer.read(next(found))
                parts = [next(found) for _ in wanted[at]]
                if served == pointers[at]:
                    replies[at] = ServedReply(served, parts)
                self._pointers[queries[at].partition.number] = served
            pending = [at for at in pending if at not in replies]
        if pending:
            raise Unavailable("the served views were exchanged again and again")
        return [replies[at] for at in range(len(queries))]

    async def _all(self, commands: Sequence[CommandParts]) -> list[Any]:
        async def ask() -> list[Any]:
            return await self._reads.all([RedisCommand(command) for command in commands])

        return await retry(ask, "GET", patience=self._patience)

    async def command(self, *command: Argument) -> Any:
        """Execute one Redis command on a key that is not part of any generation of views, and return its reply."""
        return await retry(lambda: self._reads.call(*command), str(command[0]), patience=self._patience)

    async def _served(self, partition: Partition, ask: Callable[[Pointer], Awaitable[list[Any]]]) -> ServedReply:
        for _ in range(_MOVES):
            pointer = self._pointers[partition.number]
            stored, *parts = await ask(pointer)
            served = Pointer.read(stored)
            if served == pointer:
                return ServedReply(pointer, parts)
            self._pointers[partition.number] = served
        raise Unavailable("the served views were exchanged again and again")

    def _call(self, command: CommandParts) -> Callable[[], Awaitable[Any]]:
        return lambda: self.command(*command)
