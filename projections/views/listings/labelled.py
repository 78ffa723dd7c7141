"""Threads by each of their labels: `<label> <thread>`."""

from typing import Final

from projections.thread.state import ThreadState
from projections.views.listings.listing import Members, ThreadListing, last_word


def _of_thread(thread: ThreadState) -> Members:
    return tuple((f"{label} {thread.id}", 0) for label in thread.labels)


LABELLED: Final = ThreadListing("labelled", personal=False, of_thread=_of_thread, thread_of=last_word)
