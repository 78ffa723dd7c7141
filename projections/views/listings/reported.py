"""Comments with open reports, by the position of the first one.

Those that have only reports of an import come last (`projections.views.listings.imported`).
"""

from typing import Final

from projections.thread.state import CommentState
from projections.views.listings.imported import queue_member, reported_import
from projections.views.listings.listing import BY_POSITION, CommentListing, Members, fourth_word, third_word


def _of_comment(comment: CommentState, thread: str) -> Members:
    if not comment.reports:
        return ()
    return ((queue_member(comment.reports[0].position, thread, comment, reported_import(comment)), 0),)


REPORTED: Final = CommentListing(
    "reported",
    version=2,
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_POSITION,
)
