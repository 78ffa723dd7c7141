"""Removal requests that wait for a moderator, by position: `<ms> <n> <thread> <comment> <author> <revision>`."""

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
    return tuple(
        (f"{position_text(asked.ms, asked.n)} {thread} {comment.id} {comment.author.id} {revision}", 0)
        for revision, asked in comment.removals.items()
    )


REMOVALS: Final = CommentListing(
    "removals",
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_POSITION,
)


def revision_of(member: str) -> int:
    """The revision of a member."""
    return int(last_word(member))
