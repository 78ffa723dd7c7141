"""Integrity of the partitions' logs: finds logs that are not whole, and refuses writes to them.

Each partition has a copy of the deployment's id in its own slot. A partition without the copy is on a server that came
back empty; a copy of another id means a server of another deployment. The scripts that decide and append compare the
copy, the number of entries and the newest entry every time (`log_integrity.lua`), and refuse with BROKEN before they
write. A loss that an operator accepted is recorded in the copy.
"""

from collections.abc import Iterable
from typing import Final

import redis.exceptions
import structlog
from msgspec import Struct

from core.keys import DEPLOYMENT, Keys
from core.position import START, Position
from core.redis import metrics
from core.redis.command import Argument, RedisCommand, script_command
from core.redis.errors import is_full, is_wrong_type
from core.redis.router import Router
from core.redis.script import Script
from core.refusals import LogBroken

INTEGRITY: Final = ("core.redis:stream", "core.redis:log_integrity")
"""Files in front of a script that checks that a log is whole."""
CHECK: Final = Script("core.redis", "check_log", behind=INTEGRITY)
COPY: Final = Script("core.redis", "copy_deployment_id", behind=INTEGRITY)
ACCEPT: Final = Script("core.redis", "accept_loss", behind=INTEGRITY)
NOTE: Final = Script("core.redis", "note_copies")

COPIED: Final = b"1"
"""Value of `copied` in the record once every partition has its copy of the id."""
RENAMED: Final = b"0"
"""Value of `copied` while partitions may have the copy of an earlier id of the deployment."""

BROKEN: Final = "BROKEN"
"""Prefix of a script's error for a log that is not whole. Position and cause follow."""

_log = structlog.get_logger(__name__)


class LogState(Struct, frozen=True, kw_only=True):
    """State of one partition's log, as inspected."""

    partition: int
    newest: Position
    """Position of the newest entry. For a log without entries, the last position it had reached."""
    entries: int
    first: Position | None
    """Position of the oldest entry."""
    owner: str | None
    """Deployment id in the partition's copy; None without a copy."""
    accepted: int
    """Number of entries whose loss was accepted."""
    fault: str | None
    """Reason that the log is not whole; None if it is."""
    readable: bool = True
    """False if a key of the partition has another type."""

    @property
    def is_met_in_place(self) -> bool:
        """True if a reader of the log meets the fault itself: a foreign entry, or a key of another type."""
        return not self.readable or (self.fault or "").endswith("is not an event")


class LogIntegrity:
    """Checks the logs of an open deployment, and remembers those that are not whole.

    `writes` are commands whose effect is confirmed to be as safe as the deployment promises.
    """

    def __init__(self, calls: Router, writes: Router, keys: Keys) -> None:
        self.id = ""
        """Id that every partition has a copy of; "" until all have one, and until then the copy is not checked."""
        self.broken: dict[int, LogBroken] = {}
        """Partitions whose log was not whole at the last check, with the refusal of each."""
        self._calls = calls
        self._writes = writes
        self._keys = keys

    async def check(self, id_: str | None, copied: bytes | None) -> None:
        """Check all logs the first time, later those that were not whole. Gives partitions their copy of the id.

        `id_` and `copied` are those of the deployment's record. Raises `redis.exceptions.RedisError`.
        """
        if id_ is None:
            return
        if self.id != id_:
            numbers = list(range(self._keys.partitions))
        elif not (numbers := sorted(self.broken)):
            return
        is_copied = copied == COPIED
        states = await inspect(self._calls, self._keys, id_, numbers) if is_copied else []
        lacking = [one.partition for one in states if one.owner is None and one.readable] if is_copied else numbers
        if lacking:
            try:
                is_copied = await self.copy(id_, copied, lacking)
            except redis.exceptions.RedisError as error:
                if not is_full(error):
                    raise
            states = await inspect(self._calls, self._keys, id_ if is_copied else "", numbers)
        self.id = id_ if is_copied else ""
        for one in states:
            if one.fault is None:
                self._accept(one.partition)
            else:
                self.refuse(one.partition, one.newest, one.fault)

    def refuse(self, partition: int, position: Position, why: str) -> LogBroken:
        """Return the refusal of a write to a partition whose log is not whole. Logs the first per partition."""
        refusal = LogBroken(partition, position, why)
        if partition not in self.broken:
            _log.error("partition_refused", partition=partition, position=str(position), fault=why)
        self.broken[partition] = refusal
        metrics.BROKEN.set(len(self.broken))
        return refusal

    def _accept(self, partition: int) -> None:
        if self.broken.pop(partition, None) is not None:
            _log.warning("partition_accepted", partition=partition)
            metrics.BROKEN.set(len(self.broken))

    async def copy(self, id_: str, copied: bytes | None, numbers: Iterable[int] | None = None) -> bool:
        """Give partitions, or all of them, their copy of the id. True if the record notes that all have a copy.

        `copied` is the current value in the record. Idempotent. Raises `redis.exceptions.RedisError`.
        """
        calls = [
            script_command(COPY, [self._keys[number].log, self._keys[number].deployment], [id_, copied or b""])
            for number in (range(self._keys.partitions) if numbers is None else numbers)
        ]
        await self._writes.execute(calls)
        outcomes = [None if _is_unreadable(call) else call.answer() for call in calls]
        if copied == COPIED:
            return True
        if not all(call.proven for call, outcome in zip(calls, outcomes, strict=True) if outcome == b"COPIED"):
            return False  # a failover could lose the copies and keep the note
        noted: int = await self._calls.run(NOTE, [DEPLOYMENT], [id_])
        return noted == 1


async def inspect(calls: Router, keys: Keys, id_: str, numbers: Iterable[int]) -> list[LogState]:
    """Inspect the logs of some partitions, in one pipeline per node. Raises `redis.exceptions.RedisError`."""
    numbers = list(numbers)
    commands = [script_command(CHECK, [keys[number].log, keys[number].deployment], [id_]) for number in numbers]
    await calls.execute(commands)
    return [
        _unreadable(number) if _is_unreadable(call) else _state(number, *call.answer())
        for number, call in zip(numbers, commands, strict=True)
    ]


async def owners(calls: Router, keys: Keys) -> dict[int, str]:
    """Deployment ids in the partitions' copies, by partition; only partitions with a copy.

    Raises `redis.exceptions.RedisError`.
    """
    found = await calls.all([RedisCommand(("GET", partition.deployment)) for partition in keys])
    return {number: _owner(copy)[0] for number, copy in enumerate(found) if copy}


async def accept(calls: Router, keys: Keys, id_: str, seen: LogState, last: Position | None = None) -> bool:
    """Accept an inspected loss; False if the log has changed since. Raises `redis.exceptions.RedisError`.

    `last` is the last position of a log that is entirely lost.
    """
    partition = keys[seen.partition]
    arguments: list[Argument] = [id_, str(seen.newest), seen.entries, "" if last is None else str(last)]
    reply: bytes = await calls.run(ACCEPT, [partition.log, partition.deployment], arguments)
    return reply == b"OK"


def fault_of(error: BaseException, word: str = BROKEN) -> tuple[Position, str] | None:
    """Position and cause in a script's error that begins with this word; None for any other error."""
    if isinstance(error, redis.exceptions.ResponseError):
        begins, _, rest = str(error).partition(" ")
        if begins == word:
            position, _, why = rest.partition(" ")
            return Position.decode(position.encode()), why
    return None


def _state(partition: int, ms: int, n: int, copy: bytes, entries: int, first: bytes, fault: bytes) -> LogState:
    owner, accepted = _owner(copy) if copy else (None, 0)
    return LogState(
        partition=partition,
        newest=Position(ms, n),
        entries=entries,
        first=Position.decode(first) if first else None,
        owner=owner,
        accepted=accepted,
        fault=fault.decode() or None,
    )


def _is_unreadable(call: RedisCommand) -> bool:
    return isinstance(call.outcome, redis.exceptions.ResponseError) and is_wrong_type(call.outcome)


def _unreadable(partition: int) -> LogState:
    why = "one of its keys has the wrong type"
    return LogState(
        partition=partition, newest=START, entries=0, first=None, owner=None, accepted=0, fault=why, readable=False
    )


def _owner(copy: bytes) -> tuple[str, int]:
    owner, _, accepted = copy.partition(b" ")
    return owner.decode(errors="replace"), int(accepted or 0)
