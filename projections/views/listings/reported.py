"""Comments with open reports, by the position of the first one."""

from typing import Final

from projections.thread.state import CommentState
from projections.views.listings.listing import BY_POSITION, CommentListing, Members, fourth_word, queued, third_word


def _of_comment(comment: CommentState, thread: str) -> Members:
    return queued(comment.reports[0].position, comment, thread) if comment.reports else ()


REPORTED: Final = CommentListing(
    "reported",
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_POSITION,
)
