"""Comments of each author, by the position of posting: `<author> <position> <thread> <comment> <letter of status>`."""

from typing import Final

from projections.thread.state import CommentState
from projections.views.listings.listing import CommentListing, Members, PositionOrder, fourth_word, third_word

LETTERS: Final = {"published": "p", "pending": "q", "rejected": "r", "withdrawn": "w"}
"""Letter of each status."""


def _text(ms: int, n: int) -> str:
    return f"{str(ms).zfill(15)}{str(n).zfill(12)}"


def _position(member: str) -> tuple[int, int]:
    text = member.split(" ", 2)[1]
    return int(text[:15]), int(text[15:])


def _of_comment(comment: CommentState, thread: str) -> Members:
    time, letter = _text(comment.posted.ms, comment.posted.n), LETTERS[comment.status]
    return ((f"{comment.author.id} {time} {thread} {comment.id} {letter}", 0),)


BY_AUTHOR: Final = PositionOrder(_text, _position)
"""Order of members that begin with an author."""

AUTHORS: Final = CommentListing(
    "authors",
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_AUTHOR,
)
