"""Faults while texts wait for a screener: of the processes that ask it, and of the servers."""

import anyio

from tests.faults import processes, servers
from tests.faults.trouble import IN_HAND, Trouble
from tests.support.screener_host import ScreenerHost

WAIT: float = 2.0
"""Most seconds for which the screener keeps its answers back after the fault."""


async def kill_screener(trouble: Trouble) -> None:
    """One process that asks is gone, with the answers that it waited for; its leases run out."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_answers_later, trouble, await _texts_wait(trouble))
        await processes.kill_one_of(trouble, trouble.stage.screeners)


async def freeze_screener(trouble: Trouble) -> None:
    """One process that asks stands still, shorter or longer than its leases last, and then records what it was told."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_answers_later, trouble, await _texts_wait(trouble))
        await processes.freeze_one_of(trouble, trouble.stage.screeners)


async def kill_primary(trouble: Trouble) -> None:
    """A server dies while the screener thinks about texts that lie there."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_answers_later, trouble, await _texts_wait(trouble))
        await servers.kill_primary(trouble)


async def lagging_failover(trouble: Trouble) -> None:
    """A server dies whose replica has not got the last answers that were recorded."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_answers_later, trouble, await _texts_wait(trouble))
        await servers.lagging_failover(trouble)


async def _texts_wait(trouble: Trouble) -> ScreenerHost:
    """Let the screener keep its answers back, and wait until some texts wait for them."""
    host = trouble.stage.host
    assert host is not None
    host.hang()
    with anyio.fail_after(IN_HAND):
        await host.asked.wait()
    await trouble.some_acknowledged(30, 60)  # so many that each process that asks has some
    return host


async def _answers_later(trouble: Trouble, host: ScreenerHost) -> None:
    """Let it answer: before the fault has struck, at once, or a while after it."""
    await trouble.lasting(0, WAIT)
    host.open.set()
