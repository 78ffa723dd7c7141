"""Registry of listings. Layout, commit, verification, rebuild and drift iterate it, and name no listing.

A new listing is a module and an entry here. It is part of the layout version of this program from then on: the views of
earlier versions are not compared in it until they are rebuilt.
"""

from typing import Final

from projections.views.listings.aliases import ALIASES
from projections.views.listings.appeals import APPEALS
from projections.views.listings.authors import AUTHORS
from projections.views.listings.batches import BATCHES
from projections.views.listings.decisions import DECISIONS
from projections.views.listings.figures import FIGURES
from projections.views.listings.judged import JUDGED
from projections.views.listings.labelled import LABELLED
from projections.views.listings.listing import CommentListing, Listing, ThreadListing
from projections.views.listings.notices import NOTICES
from projections.views.listings.opened import OPENED
from projections.views.listings.pending import PENDING
from projections.views.listings.posted import POSTED
from projections.views.listings.queue import QUEUE
from projections.views.listings.references import REFERENCES
from projections.views.listings.removals import REMOVALS
from projections.views.listings.reported import REPORTED
from projections.views.listings.threads import THREADS
from projections.views.listings.untold import UNTOLD
from projections.views.listings.urls import URLS
from projections.views.listings.voids import VOIDS

COMMENT_LISTINGS: Final[tuple[CommentListing, ...]] = (
    PENDING,
    REPORTED,
    AUTHORS,
    BATCHES,
    QUEUE,
    POSTED,
    DECISIONS,
    JUDGED,
    ALIASES,
    REMOVALS,
    APPEALS,
    UNTOLD,
    NOTICES,
    REFERENCES,
    FIGURES,
    VOIDS,
)
THREAD_LISTINGS: Final[tuple[ThreadListing, ...]] = (THREADS, URLS, OPENED, LABELLED)
LISTINGS: Final[tuple[Listing, ...]] = (*COMMENT_LISTINGS, *THREAD_LISTINGS)
