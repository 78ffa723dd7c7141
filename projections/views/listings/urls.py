"""Threads by the address of their article: `<url> <thread>`."""

from typing import Final

from projections.thread.state import ThreadState
from projections.views.listings.listing import Members, ThreadListing, last_word


def _of_thread(thread: ThreadState) -> Members:
    return ((f"{thread.url} {thread.id}", 0),)


URLS: Final = ThreadListing("urls", personal=True, of_thread=_of_thread, thread_of=last_word)
