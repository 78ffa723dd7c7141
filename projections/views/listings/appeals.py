"""Open appeals against decisions on comments, by position.

`<ms> <n> <thread> <comment> <author> a <decider> <revision>`: the decider is the member of staff whose decision the
appeal is against, `*` if a rule decided.
"""

from typing import Final

from core.domain.statement import open_appeal
from projections.thread.state import CommentState
from projections.views.listings.listing import (
    BY_POSITION,
    CommentListing,
    Members,
    fourth_word,
    position_text,
    third_word,
)
from projections.views.listings.queue import NOBODY


def _of_comment(comment: CommentState, thread: str) -> Members:
    found = open_appeal(comment)
    if found is None:
        return ()
    revision, _, appeal = found
    place = position_text(*appeal.filed)
    return ((f"{place} {thread} {comment.id} {comment.author.id} a {appeal.by or NOBODY} {revision}", 0),)


APPEALS: Final = CommentListing(
    "appeals",
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_POSITION,
)
