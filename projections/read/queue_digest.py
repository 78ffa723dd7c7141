"""A digest of a site's moderation queue, to notice that it changed."""

from functools import partial
from typing import Final

from core import heads
from core.concurrency import gathered
from core.keys import Partition
from core.redis.script import Script
from projections.read.served_generation import Served
from projections.views.listings.appeals import APPEALS
from projections.views.listings.notices import NOTICES
from projections.views.listings.pending import PENDING
from projections.views.listings.queue import QUEUE
from projections.views.listings.removals import REMOVALS
from projections.views.listings.reported import REPORTED

ENDS: Final = 1000
"""Members at either end of a partition's part that the digest covers, and of those that no import brought. A change
between them that leaves the size as it is goes unnoticed, so that the cost does not grow with the queue."""

_DIGESTED: Final = (QUEUE, PENDING, REPORTED, REMOVALS, APPEALS, NOTICES)
_DIGEST: Final = Script("projections.read", "digest_queue")


async def digest(served: Served, site: str, *, ends: int = ENDS) -> tuple[bytes, ...]:
    """The digests of all partitions' parts of the queue, and the last of the site's own events.

    Those may be an appeal against a suspension, which no view has. Raises `core.refusals.Unavailable`.
    """

    async def part(partition: Partition) -> bytes:
        reply = await served.partition(
            _DIGEST,
            partition,
            lambda g: [partition.listing(g, site, one.name) for one in _DIGESTED],
            (ends,),
        )
        found: bytes = reply.parts[0]
        return found

    parts = await gathered([partial(part, one) for one in served.keys])
    own: bytes | None = await served.command("HGET", served.keys.of(site).heads(site, ""), heads.LAST)
    return (*parts, own or b"")
