"""Findings of `hansard doctor` on partitions whose log cannot be read further, with the remedy for each."""

from collections.abc import Sequence
from functools import partial

from core.concurrency import gathered
from core.keys import Keys, Partition
from core.log.port import Log
from projections.read.progress import cursor
from projections.read.served_generation import Served
from projections.views import damage
from projections.views.damage import Damage
from workers.doctor.finding import Finding


async def damages(served: Served, log: Log) -> list[Damage]:
    """Damage that stops the views, by partition. Raises `core.refusals.Unavailable`."""
    found = await gathered([partial(_damage, served, log, keys) for keys in served.keys])
    return [one for one in found if one is not None]


def findings(damages: Sequence[Damage], keys: Keys) -> list[Finding]:
    """One finding per damaged partition."""
    return [
        Finding(verdict="wrong", about="log", found=str(one), change=_change(one, keys[one.partition].log))
        for one in damages
    ]


async def _damage(served: Served, log: Log, keys: Partition) -> Damage | None:
    try:
        return await damage.beyond(log, keys.number, await cursor(served, keys))
    except Exception as error:
        found = damage.of(error, keys.number)
        if found is None:
            raise
        return found


def _change(one: Damage, log: str) -> str:
    stays = "The views of the partition stay as they are until this is repaired. "
    if one.position is None:
        return (
            f"{stays}Check {log} and its heads with `redis-cli TYPE`: another program wrote there. Remove what is "
            "not Hansard's, restore a backup, and start the projectors again"
        )
    at = one.position
    return (
        f"{stays}Look at the entry with `redis-cli XRANGE {log} {at} {at}`. If it is not Hansard's and nothing "
        f"follows it, remove it with `redis-cli XDEL {log} {at}`; otherwise restore a backup. Then start the "
        "projectors again"
    )
