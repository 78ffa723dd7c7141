"""The log in Redis: one stream per partition, with heads and command keys beside it, all in one slot.

Every operation may be retried, because an append with a key takes effect once: a lost reply or a restarting server
costs callers only time. An append without a key is retried only if it certainly did not take effect.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import redis.exceptions
from msgspec.structs import replace

from core.durability import MEMORY, Durability
from core.keys import WINDOW_MS, Partition, window
from core.log import beside, wire
from core.log.port import Append, Entry, Head, Load, LoadResult, Outcome, Skew
from core.log.redis_reads import MISSING, RedisReads, answer_of, broken_chain
from core.log.server_time import Clocks
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
WRITABLE: Final = Script("core.log", "writable")


class RedisLog(RedisReads):
    """The log of an open deployment. A failed call is retried for `patience` seconds, if that is safe."""

    def __init__(self, deployment: Deployment, *, patience: float = PATIENCE) -> None:
        super().__init__(deployment, patience=patience)
        self._record = deployment.record
        self._integrity = deployment.integrity
        self._topology = deployment.topology
        self._calls = deployment.calls
        self._appends = deployment.appends
        self._durability: Durability = deployment.durability
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
        replies, more = await self._read_all(loads, heads_first)
        loaded = await self._all_loaded(loads, heads_first, replies)
        for at, load in enumerate(loads):
            if load.beside is not None:
                found = beside.found(load.beside, more[at], loaded[at].now)
                loaded[at] = replace(loaded[at], beside=found)
        return loaded

    async def _all_loaded(
        self, loads: Sequence[Load], heads_first: Sequence[bool], replies: list[Any]
    ) -> list[LoadResult]:
        known = [
            wire.known(load, reply) if is_heads_first else None
            for load, is_heads_first, reply in zip(loads, heads_first, replies, strict=True)
        ]
        if None not in known:
            return known  # type: ignore[return-value] # ensured by the line above
        missed = [at for at, is_heads_first in enumerate(heads_first) if is_heads_first and known[at] is None]
        if missed:
            again, _ = await self._read_all([loads[at] for at in missed], [False] * len(missed))
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
            ((status, now, *found),), _ = await self._read_all([load], [False], now=int(now))
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

    async def _read_all(
        self, loads: Sequence[Load], heads_first: Sequence[bool], now: int | None = None
    ) -> tuple[list[Any], dict[int, list[Any]]]:
        """The replies to one pipeline: of the script, or for `heads_first`, the heads and the time.

        By the number of their load, also the replies to what is wanted from beside the log. `now` is the time by which
        the window of command keys is named; None: the estimate.
        """

        async def ask() -> list[Any]:
            calls: list[RedisCommand] = []
            for load, is_heads_first in zip(loads, heads_first, strict=True):
                if is_heads_first:
                    calls += self._heads_first(load)
                else:
                    calls.append(self._script(load, now))
            for load in loads:
                if load.beside is not None:
                    calls += beside.commands(self._keys, load.beside)
            await self._calls.execute(calls)
            for call in calls:
                if isinstance(call.outcome, Exception):
                    self._raise_failure(calls, loads, heads_first)
            return [call.outcome for call in calls]

        replies = await self._retry(ask, LOAD.name, self._patience)
        each = iter(replies)
        own = [(next(each), next(each)) if is_heads_first else next(each) for is_heads_first in heads_first]
        more: dict[int, list[Any]] = {}
        for at, load in enumerate(loads):
            if load.beside is not None:
                more[at] = [next(each) for _ in range(beside.number(load.beside))]
        return own, more

    def _raise_failure(self, calls: Sequence[RedisCommand], loads: Sequence[Load], heads_first: Sequence[bool]) -> None:
        """Raise the first log fault among these calls, or else the first other failure.

        Raises LogBroken if a log is not whole, BrokenChain if an event is missing, otherwise as `answer_of`.
        """
        partitions = [
            self._keys.of(load.site, load.thread).number
            for load, is_heads_first in zip(loads, heads_first, strict=True)
            for _ in range(1 + is_heads_first)
        ]
        # The calls beside the log come last. They are of the partitions of the same site.
        partitions += partitions[:1] * (len(calls) - len(partitions))
        numbered = list(zip(partitions, calls, strict=True))
        for number, call in numbered:
            if isinstance(call.outcome, redis.exceptions.ResponseError):
                if (fault := fault_of(call.outcome)) is not None:
                    raise self._integrity.refuse(number, *fault) from call.outcome
                if (missing := fault_of(call.outcome, MISSING)) is not None:
                    raise broken_chain(*missing, f" in partition {number}") from call.outcome
        for number, call in numbered:
            answer_of(number, call)

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


def _windows(partition: Partition, number: int) -> tuple[str, str]:
    """The command keys of a window and of the previous one."""
    return partition.commands(number), partition.commands(number - 1)


# Labels are looked up only once per outcome: there are few outcomes.
_COUNTED: Final[Mapping[type, Any]] = {
    **{kind: APPENDS.labels(word) for kind, word in wire.WORDS.items()},
    Unavailable: APPENDS.labels("unavailable"),
    LogBroken: APPENDS.labels("broken"),
}
