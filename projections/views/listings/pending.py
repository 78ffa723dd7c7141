"""Comments with a revision that needs a moderator's decision, by the position since which it waits.

Those that an import brought come last (`projections.views.listings.imported`).
"""

from typing import Final

from projections.thread.state import CommentState
from projections.views.listings.imported import queue_member, waiting_import
from projections.views.listings.listing import BY_POSITION, CommentListing, Members, fourth_word, third_word


def _of_comment(comment: CommentState, thread: str) -> Members:
    since = None if comment.withdrawn else comment.waits_since
    return () if since is None else ((queue_member(since, thread, comment, waiting_import(comment)), 0),)


PENDING: Final = CommentListing(
    "pending",
    version=3,
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_POSITION,
)
