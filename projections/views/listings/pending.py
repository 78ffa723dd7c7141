"""Comments with a revision that needs a moderator's decision, by the position since which it waits."""

from typing import Final

from projections.thread.state import CommentState
from projections.views.listings.listing import BY_POSITION, CommentListing, Members, fourth_word, queued, third_word


def _of_comment(comment: CommentState, thread: str) -> Members:
    since = None if comment.withdrawn else comment.waits_since
    return () if since is None else queued(since, comment, thread)


PENDING: Final = CommentListing(
    "pending",
    version=2,
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_POSITION,
)
