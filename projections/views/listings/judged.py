"""Decisions of moderators by author: `<author> <position> <thread> <comment> <revision> <verdict>`.

The word `undone` follows if the decision was reversed exactly.
"""

from typing import Final

from projections.thread.state import CommentState, DecisionMark
from projections.views.listings.authors import BY_AUTHOR
from projections.views.listings.listing import CommentListing, Members, fourth_word, third_word


def _of_comment(comment: CommentState, thread: str) -> Members:
    begin = comment.author.id
    return tuple(
        (f"{begin} {BY_AUTHOR.text(*one.position)} {thread} {comment.id} {one.revision} {one.verdict}{_end(one)}", 0)
        for one in comment.decisions
    )


def _end(mark: DecisionMark) -> str:
    return " undone" if mark.undone else ""


JUDGED: Final = CommentListing(
    "judged",
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_AUTHOR,
)
