"""Which threads are parked, as the views have it."""

from functools import partial

from core.gathering import gathered
from core.keys import Partition
from projections import parking
from projections.loading import Reads
from projections.parking import Name, Parked
from projections.served import Served


async def read_parked(reads: Reads, keys: Partition, generation: int) -> dict[Name, Parked]:
    """The threads of a partition that are parked in a generation of views. Raises what `reads` does."""
    found = _decoded(await reads.call("HVALS", keys.parked(generation)))
    return {(one.site, one.thread): one for one in found}


async def all_parked(served: Served) -> list[Parked]:
    """Every thread that is parked in what is served, by name. Raises `core.refusals.Unavailable`."""
    found = await gathered([partial(_of, served, partition) for partition in served.keys])
    return sorted((one for some in found for one in some), key=lambda one: (one.site, one.thread))


async def _of(served: Served, partition: Partition) -> list[Parked]:
    reply = await served.commands(partition, lambda g: [("HVALS", partition.parked(g))])
    return _decoded(reply.parts[0])


def _decoded(stored: list[bytes]) -> list[Parked]:
    return [parking.decode(one) for one in stored]
