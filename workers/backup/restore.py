"""Restore of a deployment from a backup, on servers without a deployment.

The deployment's record names the backup from before the first entry until after the last key, and no other process
opens a deployment marked like that. An interrupted restore is started again with the same file and continues where it
stopped. The alternative is to empty the server.

The restored deployment is not the one that the backup was taken from, and has its own id: processes that had opened the
earlier one take no writes until they are restarted. It has the format of the backup, so that the version which took the
backup can be started on it.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from secrets import token_hex

from core.concurrency import gathered
from core.keys import DEPLOYMENT, FIRST_GENERATION, expires
from core.log.port import BrokenChain, Entry
from core.log.redis import RedisLog
from core.log.restore import Elsewhere, write_again
from core.position import Position
from core.redis.command import Argument
from core.redis.deployment import Deployment
from core.redis.errors import retry
from core.redis.log_integrity import COPY, RENAMED
from workers.backup.file import (
    Commands,
    ContactsRecord,
    Damaged,
    End,
    Entries,
    Header,
    Lacks,
    ScreenerRecord,
    SiteKeysRecord,
)
from workers.backup.file_check import Checked
from workers.backup.reader import records
from workers.runtime.process import Failed


async def restore(
    deployment: Deployment,
    path: Path,
    checked: Checked,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    *,
    begun: Callable[[], object] = lambda: None,
) -> None:
    """Write a verified backup into a deployment that was opened for restoring it.

    `begun` is called before the first write: a failure after that leaves a part of the backup in the deployment.

    Raises Failed if the deployment is not empty, or has another writer; `core.refusals.Unavailable`.
    """
    restoring = _Restore(deployment, path)
    mark = checked.checksum.encode()
    if await restoring.ask("HGET", DEPLOYMENT, "restoring") != mark:
        await restoring.require_empty()
        begun()
        new = ("restoring", mark, "id", token_hex(16), "format", checked.header.layout, "copied", RENAMED)
        await restoring.ask("HSET", DEPLOYMENT, *new)
    else:
        begun()
    await restoring.read_progress()
    for record in records(path):
        match record:
            case Entries(partition, entries):
                await restoring.entries(partition, [Entry(Position.decode(at), e, c) for at, e, c in entries])
            case Commands(partition, window, keys):
                key = deployment.keys[partition].commands(window)
                await restoring.put(key, keys)
                await restoring.ask("PEXPIREAT", key, expires(window))
            case SiteKeysRecord(site, fields):
                await restoring.put(deployment.keys.of(site).site_keys(site), fields)
            case ContactsRecord(site, fields):
                await restoring.put(deployment.keys.of(site).contacts(site), fields)
            case ScreenerRecord(site, sealed):
                await restoring.ask("SET", deployment.keys.of(site).screener(site), sealed)
            case Header() | Lacks() | End():
                pass  # `check` has read them
        progress(restoring.events, checked.end.events)
    await restoring.copy_id()
    await restoring.ask("HDEL", DEPLOYMENT, "restoring")


class _Restore:
    """The state of a restore."""

    def __init__(self, deployment: Deployment, path: Path) -> None:
        self._deployment = deployment
        self._path = path
        self._log = RedisLog(deployment)
        self._at: list[Position] = []
        self.events = 0

    async def require_empty(self) -> None:
        """Raise Failed if there is a log, a view, or a projector at work."""
        kept = [
            partial(self.ask, "EXISTS", keys.log, keys.generation, keys.cursor(FIRST_GENERATION), keys.feed)
            for keys in self._deployment.keys
        ]
        if any(await gathered(kept)):
            raise Failed("There is a record already: restore a backup only into an empty deployment")
        leases = [partial(self.ask, "EXISTS", keys.lease) for keys in self._deployment.keys]
        if any(await gathered(leases)):
            raise Failed(
                "A projector is running there: stop every process of that deployment first, and empty the server"
            )

    async def read_progress(self) -> None:
        """Read how far an earlier attempt had come."""
        reads = [partial(self._log.last, keys.number) for keys in self._deployment.keys]
        self._at = await gathered(reads)

    async def entries(self, partition: int, entries: list[Entry]) -> None:
        """Write entries, except those already there."""
        self.events += len(entries)
        at = self._at[partition]
        new = [entry for entry in entries if entry.position > at]
        if not new:
            return
        try:
            outcome = await write_again(self._deployment, partition, at, new)
        except BrokenChain as error:
            raise Damaged(f"{self._path} is not a true record of partition {partition}: {error}") from error
        if isinstance(outcome, Elsewhere):
            raise Failed(
                f"Another process writes there: partition {partition} ends at {outcome.last}. Empty the server"
            )
        self._at[partition] = new[-1].position

    async def copy_id(self) -> None:
        """Write the copy of the deployment's id into every partition."""
        recorded = await self.ask("HGET", DEPLOYMENT, "id")
        assert isinstance(recorded, bytes)
        id_ = recorded.decode()
        await retry(lambda: self._deployment.integrity.copy(id_, RENAMED), COPY.name)

    async def put(self, key: str, fields: list[tuple[bytes, bytes]]) -> None:
        """Set fields of a hash."""
        await self.ask("HSET", key, *(part for field in fields for part in field))

    async def ask(self, *command: Argument) -> object:
        """Call an idempotent command, with retries, and return its reply."""
        answer: object = await retry(lambda: self._deployment.calls.call(*command), str(command[0]))
        return answer
