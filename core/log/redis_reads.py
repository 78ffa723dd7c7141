"""Reads of the log in Redis: entries, ranges, back pointers, and following what is appended.

Every read is retried while the server is unreachable.
"""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

import anyio
import redis.exceptions

from core.heads import LAST
from core.keys import Partition
from core.log import wire
from core.log.divergence import DivergenceCheck
from core.log.port import BrokenChain, Entry
from core.position import START, Position
from core.redis.command import Argument, RedisCommand, script_command
from core.redis.deployment import Deployment
from core.redis.errors import is_wrong_type, retry
from core.redis.log_integrity import fault_of
from core.redis.script import Script
from core.refusals import UnreadablePartition

MISSING: Final = "MISSING"
"""Prefix of the error of a script that found no event at a position; position and cause follow."""
CHAIN: Final = Script("core.log", "chain", behind="back_pointers")


class RedisReads:
    """The reads of a log in an open deployment. A failed read is retried for `patience` seconds."""

    def __init__(self, deployment: Deployment, *, patience: float) -> None:
        self._keys = deployment.keys
        self._reads = deployment.reads
        self._pubsub = deployment.pubsub
        self._patience = patience

    async def last(self, partition: int) -> Position:
        """Position of the last event of a partition; `START` if there is none."""
        log = self._keys[partition].log
        newest = await self._command(partition, "XREVRANGE", log, "+", "-", "COUNT", 1)
        if newest:
            return Position.decode(newest[0][0])
        if not await self._command(partition, "EXISTS", log):
            return START
        # The stream was trimmed to nothing: only its metadata has the last position.
        info = await self._command(partition, "XINFO", "STREAM", log)
        return Position.decode(info[info.index(b"last-generated-id") + 1])

    async def lasts(self, partitions: Sequence[int]) -> list[Position]:
        """`last` of several partitions, in one pipeline; empty partitions take further round trips."""
        commands = [(one, ("XREVRANGE", self._keys[one].log, "+", "-", "COUNT", 1)) for one in partitions]
        newest = await self._commands(commands)
        found = {
            partition: Position.decode(one[0][0]) for partition, one in zip(partitions, newest, strict=True) if one
        }
        empty = [partition for partition in partitions if partition not in found]
        exist = await self._commands([(partition, ("EXISTS", self._keys[partition].log)) for partition in empty])
        for partition, exists in zip(empty, exist, strict=True):
            found[partition] = await self.last(partition) if exists else START
        return [found[partition] for partition in partitions]

    async def entry(self, partition: int, position: Position) -> Entry | None:
        """The entry at exactly this position."""
        at = str(position)
        found = wire.entries(await self._command(partition, "XRANGE", self._keys[partition].log, at, at))
        return found[0] if found else None

    async def entries(self, partition: int, positions: Sequence[Position]) -> list[Entry]:
        """The entries at exactly these positions, in one pipeline; positions without an entry are left out."""
        log = self._keys[partition].log
        replies = await self._commands([(partition, ("XRANGE", log, str(one), str(one))) for one in positions])
        return [entry for reply in replies for entry in wire.entries(reply)]

    async def read(self, partition: int, after: Position, *, limit: int, upto: Position | None = None) -> list[Entry]:
        """Read at most `limit` entries after a position, up to `upto` inclusive, in order."""
        return await self._range(partition, f"({after}", upto, limit, patience=self._patience)

    async def thread_last(self, site: str, thread: str) -> Position | None:
        """Position of the last event of a thread."""
        partition = self._keys.of(site, thread)
        return wire.head(await self._command(partition.number, "HGET", partition.heads(site, thread), LAST)).position

    async def chain(
        self,
        site: str,
        thread: str,
        start: Position,
        *,
        aggregate: bool = False,
        until: Position | None = None,
        limit: int | None = None,
    ) -> list[Entry]:
        """The events of a thread (or of one aggregate) from `start` back to `until` exclusive, newest first."""
        partition = self._keys.of(site, thread)
        return await self._walk(partition, str(start), "ap" if aggregate else "tp", until, limit)

    async def follow(
        self, partition: int, after: Position, *, limit: int = 256, spacing: float = 0.0
    ) -> AsyncIterator[list[Entry]]:
        """Yield entries after a position as they arrive, without end; never empty lists. Raises `LogDiverged`."""
        branch = DivergenceCheck(partition, after)
        found_at = -math.inf
        with self._pubsub.on(self._keys[partition].log_channel) as subscription:
            while True:
                most = branch.most(limit)
                found = await self._range(partition, str(branch.at), None, most, patience=math.inf)
                if entries := branch.beyond(found):
                    found_at = anyio.current_time()
                    yield entries
                if len(found) < most:
                    await subscription.wait()  # returns at once if an entry arrived in the meantime
                    if (left := found_at + spacing - anyio.current_time()) > 0:
                        await anyio.sleep(left)
                        subscription.clear()  # the next read includes what arrived during the pause

    async def _walk(
        self, partition: Partition, start: str | bytes, pointer: str, until: Position | None, limit: int | None
    ) -> list[Entry]:
        """Walk back in bounded steps, so that other clients never wait for long."""
        entries: list[Entry] = []
        next_at, stop = start, "" if until is None else str(until)
        while next_at and (limit is None or len(entries) < limit):
            hops = wire.HOPS if limit is None else min(wire.HOPS, limit - len(entries))
            arguments = [next_at, pointer, stop, hops]
            reply = await self._run(partition.number, CHAIN, [partition.log], arguments)
            next_at, *flat = reply
            entries += wire.chain(flat)
        return entries

    async def _range(
        self, partition: int, begin: str, upto: Position | None, limit: int, *, patience: float
    ) -> list[Entry]:
        command = ("XRANGE", self._keys[partition].log, begin, str(upto or "+"), "COUNT", limit)
        return wire.entries(await self._command(partition, *command, patience=patience))

    async def _command(self, partition: int, *command: Argument, patience: float | None = None) -> Any:
        return (await self._commands([(partition, command)], patience=patience))[0]

    async def _commands(
        self, commands: Sequence[tuple[int, tuple[Argument, ...]]], *, patience: float | None = None
    ) -> list[Any]:
        """The replies to one command per partition. Raises the first failure."""
        if not commands:
            return []

        async def ask() -> list[Any]:
            calls = [(partition, RedisCommand(command)) for partition, command in commands]
            await self._reads.execute([call for _, call in calls])
            return [answer_of(partition, call) for partition, call in calls]

        what = str(commands[0][1][0])
        return await retry(ask, what, patience=self._patience if patience is None else patience)

    async def _run(self, partition: int, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        async def ask() -> list[Any]:
            call = script_command(script, keys, arguments)
            await self._reads.execute([call])
            return [answer_of(partition, call)]

        return (await self._retry(ask, script.name, self._patience))[0]

    @staticmethod
    async def _retry(ask: Callable[[], Awaitable[list[Any]]], what: str, patience: float) -> list[Any]:
        try:
            return await retry(ask, what, patience=patience)
        except redis.exceptions.ResponseError as error:
            if (missing := fault_of(error, MISSING)) is not None:
                raise broken_chain(*missing) from error
            raise


def broken_chain(position: Position, what: str, where: str = "") -> BrokenChain:
    """Make the error of an event that another one points to, and that is not there."""
    return BrokenChain(f"{what} at {position}{where}", position)


def answer_of(partition: int, call: RedisCommand) -> Any:
    """The reply to a command on keys of a partition. Raises `UnreadablePartition` if a key is of another type."""
    try:
        return call.answer()
    except redis.exceptions.ResponseError as error:
        if is_wrong_type(error):
            what = "one of its keys" if call.script is not None else f"the key {call.command[1]!s}"
            raise UnreadablePartition(partition, f"{what} has the wrong type") from error
        raise
