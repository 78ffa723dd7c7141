"""Registry of listings. Layout, commit, verification, rebuild and drift iterate it, and name no listing.

A new listing is a module and an entry here. It is part of the layout version of this program from then on: the views of
earlier versions are not compared in it until they are rebuilt.
"""

from typing import Final

from projections.views.listings.authors import AUTHORS
from projections.views.listings.listing import CommentListing, Listing, ThreadListing
from projections.views.listings.opened import OPENED
from projections.views.listings.pending import PENDING
from projections.views.listings.reported import REPORTED
from projections.views.listings.threads import THREADS
from projections.views.listings.urls import URLS

COMMENT_LISTINGS: Final[tuple[CommentListing, ...]] = (PENDING, REPORTED, AUTHORS)
THREAD_LISTINGS: Final[tuple[ThreadListing, ...]] = (THREADS, URLS, OPENED)
LISTINGS: Final[tuple[Listing, ...]] = (*COMMENT_LISTINGS, *THREAD_LISTINGS)
