"""Open notices, by position: `<ms> <n> <thread> <comment> <author> <reference>`."""

from typing import Final

from projections.thread.state import CommentState
from projections.views.listings.listing import (
    BY_POSITION,
    CommentListing,
    Members,
    fourth_word,
    last_word,
    position_text,
    third_word,
)


def _of_comment(comment: CommentState, thread: str) -> Members:
    if not comment.notices:
        return ()  # as nearly always
    return tuple(
        (f"{position_text(*notice.filed)} {thread} {comment.id} {comment.author.id} {reference}", 0)
        for reference, notice in comment.notices.items()
        if notice.outcome is None
    )


NOTICES: Final = CommentListing(
    "notices",
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_POSITION,
)

reference_of = last_word
"""The reference of a member."""
