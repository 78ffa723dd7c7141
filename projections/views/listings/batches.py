"""Comments by the batches of their decisions: `<batch> <thread> <comment>`, also after later acts on them."""

from typing import Final

from projections.thread.state import CommentState
from projections.views.listings.listing import CommentListing, Members, last_word

_WORDS: Final = 3


def _of_comment(comment: CommentState, thread: str) -> Members:
    return tuple((f"{batch} {thread} {comment.id}", 0) for batch in comment.batches)


def _thread_of(member: str) -> str:
    words = member.split(" ")
    return words[1] if len(words) == _WORDS else ""


BATCHES: Final = CommentListing(
    "batches", personal=False, of_comment=_of_comment, thread_of=_thread_of, comment_of=last_word
)
