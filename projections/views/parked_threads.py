"""Reading of the parked threads of a partition in one generation."""

from core.keys import Partition
from projections.views import parking
from projections.views.parking import Name, Parked
from projections.views.stored_thread import Reads


async def read_parked(reads: Reads, keys: Partition, generation: int) -> dict[Name, Parked]:
    """The parked threads of a partition in one generation. Raises the errors of `reads`."""
    found = [parking.decode(one) for one in await reads.call("HVALS", keys.parked(generation))]
    return {(one.site, one.thread): one for one in found}
