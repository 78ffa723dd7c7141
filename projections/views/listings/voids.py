"""Void votes by the batches that voided them, also after a reversal: `<batch> <thread> <comment> <voter>`.

The last voiding of a vote counts.
"""

from typing import Final

from projections.thread.state import CommentState
from projections.views.listings.listing import CommentListing, Members

_WORDS: Final = 4


def _of_comment(comment: CommentState, thread: str) -> Members:
    return tuple((f"{void.batch} {thread} {comment.id} {voter}", 0) for voter, void in comment.voids.items())


def _word(number: int, member: str) -> str:
    words = member.split(" ")
    return words[number] if len(words) == _WORDS else ""


def _thread_of(member: str) -> str:
    return _word(1, member)


def _comment_of(member: str) -> str:
    return _word(2, member)


def voter_of(member: str) -> str:
    """The voter of a member."""
    return _word(3, member)


VOIDS: Final = CommentListing(
    "voids", personal=True, of_comment=_of_comment, thread_of=_thread_of, comment_of=_comment_of
)
