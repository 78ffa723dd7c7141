"""Threads by their last public change: the id of a thread, scored by the time in milliseconds since 1970."""

from typing import Final

from projections.thread.state import ThreadState
from projections.views.listings.listing import Members, ThreadListing, whole


def _of_thread(thread: ThreadState) -> Members:
    return ((thread.id, thread.position.ms),)


THREADS: Final = ThreadListing("threads", personal=False, of_thread=_of_thread, thread_of=whole, order="scores")
