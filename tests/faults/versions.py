"""Versions that meet: an older one beside today's, until the format is raised under the load."""

import anyio

from core.events import content
from core.formats import FORMATS
from core.position import START
from core.redis.live_processes import Held, Outcome, Upgraded, upgrade
from tests.faults.stage import Stage, patiently
from tests.faults.trouble import IN_HAND, Trouble, blocking


async def raise_format(trouble: Trouble) -> None:
    """Half of the processes are of the version before; they are replaced, and then the format is raised."""
    stage = trouble.stage
    older = [worker for worker in stage.workers if worker.older]
    assert older
    await trouble.some_acknowledged()
    held = await _upgrade(stage)
    assert isinstance(held, Held), f"the format was raised beside {len(older)} processes that do not read it: {held}"
    trouble.strike()
    for worker in older:
        await blocking(worker.kill)
        worker.older = False
        await worker.restart()
    with anyio.fail_after(IN_HAND):
        while not isinstance(raised := await _upgrade(stage), Upgraded):
            assert isinstance(raised, Held), raised
            await anyio.sleep(0.2)  # who was killed counts as alive for a while
    await trouble.some_acknowledged()
    with anyio.fail_after(IN_HAND):
        while await _schemes(stage) != {content.PLAIN, content.SALTED}:
            await anyio.sleep(0.2)  # the processes read the record again every few seconds


async def _upgrade(stage: Stage) -> Outcome:
    record = stage.deployment.record
    assert record.id is not None
    return await upgrade(stage.deployment.calls, record.id, FORMATS)


async def _schemes(stage: Stage) -> set[int]:
    """The content schemes that are in the log."""
    found: set[int] = set()
    for partition in range(stage.log.partitions):
        entries = await patiently(lambda at=partition: stage.log.read(at, START, limit=1_000_000))  # type: ignore[misc] # mypy infers no lambda with a default
        found |= {entry.c[0] for entry in entries if entry.c}
    return found
