"""Parked threads, as recorded in the views."""

from functools import partial

from core.concurrency import gathered
from core.keys import Partition
from projections.read.served_generation import Served
from projections.views import parking
from projections.views.parking import Parked


async def all_parked(served: Served) -> list[Parked]:
    """Every parked thread of the served generations, by name. Raises `core.refusals.Unavailable`."""
    found = await gathered([partial(_of, served, partition) for partition in served.keys])
    return sorted((one for part in found for one in part), key=lambda one: (one.site, one.thread))


async def _of(served: Served, partition: Partition) -> list[Parked]:
    reply = await served.commands(partition, lambda g: [("HVALS", partition.parked(g))])
    return [parking.decode(one) for one in reply.parts[0]]
