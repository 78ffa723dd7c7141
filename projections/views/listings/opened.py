"""Threads by the position of opening: `<ms> <n> <thread>`."""

from typing import Final

from projections.thread.state import ThreadState
from projections.views.listings.listing import BY_POSITION, Members, ThreadListing, last_word, position_text


def _of_thread(thread: ThreadState) -> Members:
    opened = thread.opened
    assert opened is not None
    return ((f"{position_text(opened.ms, opened.n)} {thread.id}", 0),)


OPENED: Final = ThreadListing("opened", personal=False, of_thread=_of_thread, thread_of=last_word, order=BY_POSITION)
