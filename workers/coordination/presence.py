"""The entry of a live process, with its role and the formats it reads, renewed every few seconds in an expiring set.

`hansard upgrade` refuses a format that a live process does not read, and `hansard doctor` lists them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

import anyio
import structlog
from redis.exceptions import RedisError

from core.keys import PROCESSES
from core.redis.deployment import Deployment
from core.redis.errors import is_passing, said
from core.redis.live_processes import LiveProcess
from workers.coordination.leases import RENEWED_S
from workers.coordination.membership import Membership
from workers.runtime.process import Failed

LEFT_WITHIN: Final = 2.0
"""Timeout for the removal of the entry at exit, in seconds. An entry that is not removed expires."""

_log = structlog.get_logger(__name__)


class Presence:
    """Keeps the entry of one process in the set of live processes.

    A process has no entry while its deployment is gone or foreign. A process that does not read the format has an
    entry, since it is alive and blocks the next upgrade.
    """

    def __init__(self, deployment: Deployment, *, name: str, role: str, every: float = RENEWED_S) -> None:
        formats = deployment.record.formats
        self.process = LiveProcess(
            name=name, role=role, version=version("hansard"), reads=formats.reads, writes=formats.writes
        )
        self._record = deployment.record
        self._membership = Membership(deployment.calls, self.process.document(), key=PROCESSES)
        self._every = every
        self._away = False

    async def begin(self) -> None:
        """Write the entry, then read the record again: an upgrade in between would have missed this process.

        Raises Failed if the process no longer fits the record. Does not wait for a server that takes no writes.
        """
        await self._say()
        await self._record.refresh()
        if self._record.unfit is not None:
            raise Failed(f"This process cannot start: {self._record.unfit.detail}")

    async def run(self) -> None:
        """Renew the entry until cancelled, then remove it."""
        try:
            while True:
                await anyio.sleep(self._every)
                await self._say()
        finally:
            with anyio.move_on_after(LEFT_WITHIN, shield=True):
                await self._leave()

    async def _say(self) -> None:
        unfit = self._record.unfit
        if unfit is not None and unfit.cause != "format":
            return
        try:
            await self._membership.renew()
        except RedisError as error:
            self._pass(error)
        else:
            self._away = False

    async def _leave(self) -> None:
        try:
            await self._membership.leave()
        except RedisError as error:
            self._pass(error)

    def _pass(self, error: RedisError) -> None:
        """Log once that the server is unavailable. Raises an error that is not passing."""
        if not is_passing(error):
            raise error
        if not self._away:
            _log.warning("presence_not_renewed", fault=said(error))
        self._away = True


@asynccontextmanager
async def present(deployment: Deployment, *, name: str, role: str) -> AsyncIterator[None]:
    """Keep the entry of a live process for the block, which ends with Failed if the deployment changes.

    For commands. A long-running process runs `Presence` and the record as parts.
    """
    presence = Presence(deployment, name=name, role=role)
    await presence.begin()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(presence.run)
        tasks.start_soon(deployment.record.run)
        tasks.start_soon(_require_fit, deployment)
        yield
        tasks.cancel_scope.cancel()


async def _require_fit(deployment: Deployment) -> None:
    while True:
        changed = deployment.record.changed
        if deployment.record.unfit is not None:
            raise Failed(f"Interrupted: {deployment.record.unfit.detail}")
        await changed.wait()
