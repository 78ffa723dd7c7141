"""The log in Redis: one stream per partition, with heads and command keys beside it, all in one slot.

Every operation may be retried, because an append with a key takes effect once: a lost reply or a restarting server
costs callers only time. An append without a key is retried only if it certainly did not take effect.
"""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import anyio
import redis.exceptions

from core.durability import MEMORY, Durability
from core.heads import LAST
from core.keys import WINDOW_MS, Partition, window
from core.log import wire
from core.log.divergence import DivergenceCheck
from core.log.port import Append, BrokenChain, Entry, Head, Load, LoadResult, Outcome, Skew
from core.log.server_time import Clocks
from core.position import START, Position
from core.redis.command import Argument, RedisCommand, script_command
from core.redis.deployment import Deployment
from core.redis.errors import PATIENCE, code_of, is_full, is_passing, is_wrong_type, retry
from core.redis.log_integrity import INTEGRITY, fault_of
from core.redis.metrics import APPENDS
from core.redis.script import Script
from core.redis.slots import slot_of
from core.refusals import LogBroken, Unavailable, UnreadablePartition

APPEND: Final = Script("core.log", "append", behind=(*INTEGRITY, "heads"))
CONFIRM: Final = Script("core.log", "confirm")
LOAD: Final = Script("core.log", "load", behind=(*INTEGRITY, "heads", "back_pointers"))
MISSING: Final = "MISSING"
"""Prefix of the error of a script that found no event at a position; position and cause follow."""
CHAIN: Final = Script("core.log", "chain", behind="back_pointers")
WRITABLE: Final = Script("core.log", "writable")


class RedisLog:
    """The log of an open deployment. A failed call is retried for `patience` seconds, if that is safe."""

    def __init__(self, deployment: Deployment, *, patience: float = PATIENCE) -> None:
        self._record = deployment.record
        self._integrity = deployment.integrity
        self._keys = deployment.keys
        self._topology = deployment.topology
        self._calls = deployment.calls
        self._appends = deployment.appends
        self._reads = deployment.reads
        self._pubsub = deployment.pubsub
        self._durability: Durability = deployment.durability
        self._patience = patience
        self._clocks = Clocks(self.partitions)

    @property
    def partitions(self) -> int:
        """Number of partitions."""
        return self._keys.partitions

    @property
    def format(self) -> int:
        """The format of the deployment, as last read."""
        return self._record.format

    async def load(self, load: Load) -> LoadResult:
        """Load the data for one decision, as of one moment. Raises `Unavailable`, `LogBroken`, `BrokenChain`."""
        return (await self.load_all(load))[0]

    async def load_all(self, *loads: Load) -> list[LoadResult]:
        """Load from several threads or sites in one pipeline. Raises as `load`."""
        heads_first = [load.key is None and load.heads_first for load in loads]
        replies = await self._read_all(loads, heads_first)
        known = [
            wire.known(load, reply) if is_heads_first else None
            for load, is_heads_first, reply in zip(loads, heads_first, replies, strict=True)
        ]
        if None not in known:
            return known  # type: ignore[return-value] # ensured by the line above
        missed = [at for at, is_heads_first in enumerate(heads_first) if is_heads_first and known[at] is None]
        if missed:
            again = await self._read_all([loads[at] for at in missed], [False] * len(missed))
            for at, reply in zip(missed, again, strict=True):
                replies[at] = reply
        return [
            await self._loaded(load, reply) if loaded is None else loaded
            for load, reply, loaded in zip(loads, replies, known, strict=True)
        ]

    async def _loaded(self, load: Load, reply: list[Any]) -> LoadResult:
        partition = self._keys.of(load.site, load.thread)
        status, now, *found = reply
        if status == b"SKEW":
            # By the time that was reported: an estimate would go on where the log's time stands still.
            ((status, now, *found),) = await self._read_all([load], [False], now=int(now))
        self._clocks.learn(partition.number, int(now))
        if status == b"SKEW":
            raise Unavailable(
                f"The server time of partition {partition.number} moved to another window of command keys twice"
            )
        if status == b"HIT":
            number, record = found
            return LoadResult(now=int(now), answer=wire.answer(int(number), record), heads={}, events={})
        heads: dict[str, Head] = {}
        events: dict[str, list[Entry]] = {}
        for wanted, (head, next_at, *flat) in zip(load.heads, found, strict=True):
            heads[wanted.field] = wire.head(head)
            if wanted.events:
                chain = wire.chain(flat)
                if next_at:
                    chain += await self._walk(partition, next_at, "ap", wanted.known, None)
                events[wanted.field] = chain[::-1]
        return LoadResult(now=int(now), answer=None, heads=heads, events=events)

    async def append(self, append: Append) -> Outcome:
        """Append the events of a decision atomically. Raises `Unavailable`, also if the deployment was replaced.

        Raises `LogBroken` if the log is not whole.
        """
        self._record.require_fit()
        partition = self._keys.of(append.site, append.thread)
        keys = [partition.log, partition.heads(append.site, append.thread), partition.deployment]
        if append.key is not None:
            keys += _windows(partition, window(append.now))
        arguments = wire.append_arguments(append, partition.log_channel, self._integrity.id)
        try:
            reply, proven = await retry(
                lambda: self._appends.run_proven(APPEND, keys, arguments),
                APPEND.name,
                patience=self._patience,
                once=append.key is None,
            )
        except Unavailable:
            _COUNTED[Unavailable].inc()
            raise
        except redis.exceptions.ResponseError as error:
            if is_wrong_type(error):  # raised before anything is written
                raise UnreadablePartition(partition.number, "one of its keys has the wrong type") from error
            if (fault := fault_of(error)) is None:
                raise
            _COUNTED[LogBroken].inc()
            raise self._integrity.refuse(partition.number, *fault) from error
        # Without a key and without events nothing was written, so there was nothing to wait for.
        wrote = append.key is not None or append.events
        outcome = wire.outcome(reply, self._durability if proven and wrote else MEMORY)
        _COUNTED[type(outcome)].inc()
        if isinstance(outcome, Skew):
            self._clocks.learn(partition.number, outcome.now)
        return outcome

    async def refusal(self) -> str | None:
        """The server's error code if appends are refused now; None if they are accepted. Raises `Unavailable`."""
        of_nodes = {self._topology.of(slot_of(partition.log)): partition for partition in self._keys}
        try:
            await self._calls.run_all(WRITABLE, [([partition.log], []) for partition in of_nodes.values()])
        except redis.exceptions.RedisError as error:
            if is_full(error):
                return code_of(error)
            if is_passing(error):
                raise Unavailable from error
            raise
        return None

    async def confirm(self, site: str, thread: str, key: str) -> Durability | None:
        """Durability by now of a result just found under a key; None if the key has been lost since."""
        if self._durability == MEMORY:
            return MEMORY
        partition = self._keys.of(site, thread)
        window_number = self._clocks.window(partition.number)
        keys = _windows(partition, window_number)
        arguments: list[Argument] = [key, window_number, WINDOW_MS]
        known, proven = await retry(
            lambda: self._appends.run_proven(CONFIRM, keys, arguments), CONFIRM.name, patience=self._patience
        )
        if not known:
            return None
        return self._durability if proven else MEMORY

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

    async def _read_all(self, loads: Sequence[Load], heads_first: Sequence[bool], now: int | None = None) -> list[Any]:
        """The replies to one pipeline: of the script, or for `heads_first`, the heads and the time.

        `now` is the time by which the window of command keys is named; None: the estimate.
        """

        async def ask() -> list[Any]:
            calls: list[RedisCommand] = []
            for load, is_heads_first in zip(loads, heads_first, strict=True):
                if is_heads_first:
                    calls += self._heads_first(load)
                else:
                    calls.append(self._script(load, now))
            await self._calls.execute(calls)
            for call in calls:
                if isinstance(call.outcome, Exception):
                    self._raise_failure(calls, loads, heads_first)
            return [call.outcome for call in calls]

        replies = await self._retry(ask, LOAD.name, self._patience)
        if True not in heads_first:
            return replies
        each = iter(replies)
        return [(next(each), next(each)) if is_heads_first else next(each) for is_heads_first in heads_first]

    def _raise_failure(self, calls: Sequence[RedisCommand], loads: Sequence[Load], heads_first: Sequence[bool]) -> None:
        """Raise the first log fault among these calls, or else the first other failure.

        Raises LogBroken if a log is not whole, BrokenChain if an event is missing, otherwise as `_answer`.
        """
        partitions = [
            self._keys.of(load.site, load.thread).number
            for load, is_heads_first in zip(loads, heads_first, strict=True)
            for _ in range(1 + is_heads_first)
        ]
        numbered = list(zip(partitions, calls, strict=True))
        for number, call in numbered:
            if isinstance(call.outcome, redis.exceptions.ResponseError):
                if (fault := fault_of(call.outcome)) is not None:
                    raise self._integrity.refuse(number, *fault) from call.outcome
                if (missing := fault_of(call.outcome, MISSING)) is not None:
                    raise _missing(*missing, f" in partition {number}") from call.outcome
        for number, call in numbered:
            _answer(number, call)

    def _heads_first(self, load: Load) -> tuple[RedisCommand, RedisCommand]:
        # Two plain commands take a fifth of the time of a script. The heads are read first, so that none of their
        # events is later than the time.
        heads = self._keys.of(load.site, load.thread).heads(load.site, load.thread)
        fields = [wanted.field for wanted in load.heads]
        return RedisCommand(("HMGET", heads, *fields)), RedisCommand(("TIME",), beside=heads)

    def _script(self, load: Load, now: int | None) -> RedisCommand:
        partition = self._keys.of(load.site, load.thread)
        window_number = self._clocks.window(partition.number) if now is None else window(now)
        keys = [partition.log, partition.heads(load.site, load.thread), partition.deployment]
        if load.key is not None:
            keys += _windows(partition, window_number)
        return script_command(LOAD, keys, wire.load_arguments(load, window_number, self._integrity.id))

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
            return [_answer(partition, call) for partition, call in calls]

        what = str(commands[0][1][0])
        return await retry(ask, what, patience=self._patience if patience is None else patience)

    async def _run(self, partition: int, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        async def ask() -> list[Any]:
            call = script_command(script, keys, arguments)
            await self._reads.execute([call])
            return [_answer(partition, call)]

        return (await self._retry(ask, script.name, self._patience))[0]

    @staticmethod
    async def _retry(ask: Callable[[], Awaitable[list[Any]]], what: str, patience: float) -> list[Any]:
        try:
            return await retry(ask, what, patience=patience)
        except redis.exceptions.ResponseError as error:
            if (missing := fault_of(error, MISSING)) is not None:
                raise _missing(*missing) from error
            raise


def _missing(position: Position, what: str, where: str = "") -> BrokenChain:
    return BrokenChain(f"{what} at {position}{where}", position)


def _answer(partition: int, call: RedisCommand) -> Any:
    """The reply to a command on keys of a partition. Raises `UnreadablePartition` if a key is of another type."""
    try:
        return call.answer()
    except redis.exceptions.ResponseError as error:
        if is_wrong_type(error):
            what = "one of its keys" if call.script is not None else f"the key {call.command[1]!s}"
            raise UnreadablePartition(partition, f"{what} has the wrong type") from error
        raise


def _windows(partition: Partition, number: int) -> tuple[str, str]:
    """The command keys of a window and of the previous one."""
    return partition.commands(number), partition.commands(number - 1)


# Labels are looked up only once per outcome: there are few outcomes.
_COUNTED: Final[Mapping[type, Any]] = {
    **{kind: APPENDS.labels(word) for kind, word in wire.WORDS.items()},
    Unavailable: APPENDS.labels("unavailable"),
    LogBroken: APPENDS.labels("broken"),
}
