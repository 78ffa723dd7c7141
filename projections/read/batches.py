"""The comments and the void votes of a batch."""

from typing import NamedTuple

from projections.read import listing
from projections.read.members import Name
from projections.read.served_generation import Served
from projections.views.listings.batches import BATCHES
from projections.views.listings.voids import VOIDS, voter_of


class VoidName(NamedTuple):
    """A void vote."""

    thread: str
    comment: str
    voter: str


async def comments_of(served: Served, site: str, batch: str) -> list[Name]:
    """The comments that a batch decided about, by thread and id; none if there is no such batch on the site.

    A batch whose decision on a comment is followed by many others there (`core.domain.decision.KEPT_BATCHES`) does not
    have that comment any more.
    """
    members = await listing.members(served, site, BATCHES, batch)
    return sorted((BATCHES.thread_of(member), BATCHES.comment_of(member)) for member in members)


async def voids_of(served: Served, site: str, batch: str) -> list[VoidName]:
    """The votes that a batch voided, unless another one voided them since; also those that were restored."""
    members = await listing.members(served, site, VOIDS, batch)
    return sorted(VoidName(VOIDS.thread_of(one), VOIDS.comment_of(one), voter_of(one)) for one in members)
