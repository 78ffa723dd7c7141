"""Statements that their authors were not told yet, by author and the position of the decision.

`<author> <position> <thread> <comment> <revision>`: `core.domain.statement`.
"""

from typing import Final

from core.domain.statement import untold
from projections.thread.state import CommentState
from projections.views.listings.authors import BY_AUTHOR
from projections.views.listings.listing import CommentListing, Members, fourth_word, third_word


def _of_comment(comment: CommentState, thread: str) -> Members:
    begin = comment.author.id
    return tuple(
        (f"{begin} {BY_AUTHOR.text(*one.position)} {thread} {comment.id} {one.revision}", 0) for one in untold(comment)
    )


UNTOLD: Final = CommentListing(
    "untold",
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_AUTHOR,
)
