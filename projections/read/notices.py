"""Reader of notices by reference: their outcomes."""

from core.keys import Partition
from projections.read import listing
from projections.read.served_generation import Served
from projections.views.listings.references import REFERENCES, NoticeStatus, read


async def notice_status(served: Served, partition: Partition, site: str, reference: str) -> NoticeStatus | None:
    """The status of a notice of a site in this partition; None if there is none. Raises Unavailable in older views."""
    low, high = listing.bounds(reference)
    reply = await served.commands(
        partition, lambda g: [("ZRANGEBYLEX", partition.listing(g, site, REFERENCES.name), low, high, "LIMIT", 0, 1)]
    )
    found: list[bytes] = reply.parts[0]
    if found:
        return read(found[0].decode())
    await listing.require(served, partition, REFERENCES)
    return None
