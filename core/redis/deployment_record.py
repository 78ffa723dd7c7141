"""The deployment's record in Redis, and the check that this process may still write to its deployment.

The record is read again every few seconds. A process is unfit if its record is gone, has another id, or has a format
that its version does not read. An unfit process takes no writes, commits nothing and is not ready, until the record is
right again.
"""

from collections.abc import Sequence
from secrets import token_hex
from typing import Final, Literal

import anyio
import structlog
from msgspec import Struct
from redis.exceptions import RedisError

from core.formats import Formats, reads
from core.keys import DEPLOYMENT
from core.redis.command import Argument
from core.redis.errors import is_full, is_passing, said
from core.redis.log_integrity import LogIntegrity
from core.redis.metrics import UNFIT
from core.redis.router import Router
from core.redis.script import Script
from core.refusals import Unavailable

RECORD: Final = Script("core.redis", "open_record")

INTERVAL: Final = 3.0
"""Default interval between two reads of the record, in seconds."""

_FIELDS: Final = ("partitions", "format", "id", "restoring", "copied")
_log = structlog.get_logger(__name__)


class Record(Struct, frozen=True, kw_only=True):
    """The record of a deployment. `id` is None if an earlier version created the record, until it is opened again."""

    partitions: int
    format: int
    id: str | None
    restoring: bytes | None = None
    copied: bytes | None = None
    """State of the copies of the id in the partitions (`core.keys.DEPLOYMENT`)."""


class Unfit(Struct, frozen=True, kw_only=True):
    """Reason that a process may not write to its deployment. `detail` is a sentence for operators."""

    cause: Literal["gone", "foreign", "format"]
    detail: str


def judge(own: Record, found: Record | None, formats: Formats) -> Unfit | None:
    """Compare the current record with the one that the process opened. None if the process may write."""
    if found is None:
        return Unfit(cause="gone", detail="the record of the deployment is gone from Redis: see `hansard doctor`")
    if None not in (own.id, found.id) and own.id != found.id:
        return Unfit(
            cause="foreign",
            detail="Redis holds another deployment than the one that this process opened: restart this process",
        )
    if own.partitions != found.partitions:
        return Unfit(
            cause="foreign",
            detail=f"the deployment in Redis has {found.partitions} partitions, but this process opened one with "
            f"{own.partitions}: restart this process",
        )
    if found.format not in formats.reads:
        return Unfit(
            cause="format",
            detail=f"the deployment has format {found.format}, but this version of Hansard reads {reads(formats)}: "
            "update this process",
        )
    return None


async def read_record(calls: Router) -> Record | None:
    """Read the record; None if there is none. Raises `redis.exceptions.RedisError`."""
    return _record(await calls.call("HMGET", DEPLOYMENT, *_FIELDS))


async def recorded(calls: Router, wanted: Record, *, create: bool) -> Record | None:
    """Read the deployment's record, and give it an id if it has none.

    With `create`, a missing record is created as `wanted`; without, None is returned for it. While the server takes no
    writes, a record without an id is returned as it is. Raises `redis.exceptions.RedisError` if the server cannot be
    asked.
    """
    # Read first, because a server that takes no writes refuses a script that might write.
    found = await read_record(calls)
    if (found is None and not create) or (found is not None and found.id is not None):
        return found
    try:
        arguments: list[Argument] = [wanted.partitions, wanted.format, wanted.id or token_hex(16), int(create)]
        return _record(await calls.run(RECORD, [DEPLOYMENT], arguments))
    except RedisError as error:
        if found is None or not is_full(error):
            raise
        return found


class RecordWatch:
    """The record of an open deployment as last read. `run` reads it again every `interval` seconds.

    Each read also checks again the partitions whose log was not whole.
    """

    def __init__(
        self, calls: Router, record: Record, formats: Formats, integrity: LogIntegrity, *, interval: float = INTERVAL
    ) -> None:
        self.formats = formats
        self.unfit: Unfit | None = None
        """Reason that this process may not write now; None if it may."""
        self.changed = anyio.Event()
        """Set when `unfit` or `format` has changed, and then replaced."""
        self._calls = calls
        self._integrity = integrity
        self._own = record
        self._format = record.format
        self._interval = interval
        self._away = False

    @property
    def id(self) -> str | None:
        """Id of the deployment that was opened."""
        return self._own.id

    @property
    def format(self) -> int:
        """Format of the deployment, as last read."""
        return self._format

    def require_fit(self) -> None:
        """Raise Unavailable if this process may not write."""
        if self.unfit is not None:
            raise Unavailable(self.unfit.detail)

    async def run(self) -> None:
        """Read the record every `interval` seconds, until cancelled."""
        while True:
            await anyio.sleep(self._interval)
            await self.refresh()

    async def refresh(self) -> None:
        """Read the record now. If the server is away, nothing changes."""
        try:
            await self.read()
        except RedisError as error:
            if not is_passing(error):
                raise
            if not self._away:
                _log.warning("deployment_record_not_read", error=said(error))
            self._away = True
        else:
            self._away = False

    async def read(self) -> None:
        """Read the record now. Raises `redis.exceptions.RedisError`."""
        found = await recorded(self._calls, self._own, create=False)
        if self._own.id is None and found is not None:
            self._own = Record(partitions=self._own.partitions, format=self._own.format, id=found.id)
        self._judge(found)
        if found is not None and self.unfit is None:
            await self._integrity.check(found.id, found.copied)

    def _judge(self, found: Record | None) -> None:
        unfit = judge(self._own, found, self.formats)
        changed = unfit != self.unfit
        if changed and unfit is not None:
            _log.error("deployment_refused", cause=unfit.cause, detail=unfit.detail)
        elif changed:
            _log.warning("deployment_accepted")
        if found is not None and unfit is None and found.format != self._format:
            _log.info("deployment_format_changed", before=self._format, format=found.format)
            self._format, changed = found.format, True
        self.unfit = unfit
        UNFIT.set(unfit is not None)
        if changed:
            was, self.changed = self.changed, anyio.Event()
            was.set()


def _record(found: Sequence[bytes | None]) -> Record | None:
    partitions, format_, name, restoring, copied = found
    if partitions is None or format_ is None:
        return None
    return Record(
        partitions=int(partitions),
        format=int(format_),
        id=None if name is None else name.decode(),
        restoring=restoring,
        copied=copied,
    )
